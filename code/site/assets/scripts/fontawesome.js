// The theme's icon script (540 KB gzipped) draws icons as SVG. The icons come from the theme's web font instead.
