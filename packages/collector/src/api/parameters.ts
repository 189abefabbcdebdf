/** Query parameters that several routes share, as schemas. A parameter that no schema names is refused. */
import { Type } from "typebox";

export const NoQuery = Type.Object({}, { additionalProperties: false });
