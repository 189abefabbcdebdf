/** What `annotate` takes: values that span attributes and log fields share. */
export type Annotation = string | number | boolean;
