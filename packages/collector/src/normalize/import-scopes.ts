/** Scopes of the spans that imports make, by which they are known again. */
export const XRAY_IMPORT = "mayfly import xray";
export const STEP_FUNCTIONS_IMPORT = "mayfly import step-functions";
