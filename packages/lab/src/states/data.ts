/**
 * What goes into a state and out of it:
 *
 *   input ─ InputPath ─ Parameters ─▶ work ─ ResultSelector ─ ResultPath (into the raw input) ─ OutputPath ─▶ output
 */
import { callIntrinsic, isIntrinsic } from "./intrinsics.ts";
import { required, withValueAt } from "./json-path.ts";
import type { State } from "./definition.ts";

/** `"key.$"` stands for a path or an intrinsic function, at any depth. */
export const filled = (template: unknown, input: unknown, context: unknown): unknown => {
  if (Array.isArray(template)) return template.map((one) => filled(one, input, context));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith(".$")
        ? [key.slice(0, -2), evaluated(String(value), input, context)]
        : [key, filled(value, input, context)],
    ),
  );
};

const evaluated = (text: string, input: unknown, context: unknown): unknown =>
  isIntrinsic(text) ? callIntrinsic(text, input, context) : required(text, input, context);

export const pathOf = (path: string | null | undefined, input: unknown, context: unknown): unknown => {
  if (path === null) return {};
  return path === undefined ? input : required(path, input, context);
};

export const parametersOf = (state: State, rawInput: unknown, context: unknown): unknown => {
  const input = pathOf(state.InputPath, rawInput, context);
  return state.Parameters === undefined ? input : filled(state.Parameters, input, context);
};

export const outputOf = (state: State, rawInput: unknown, result: unknown, context: unknown): unknown => {
  const selected = state.ResultSelector === undefined ? result : filled(state.ResultSelector, result, context);
  return pathOf(state.OutputPath, placed(state.ResultPath, rawInput, selected), context);
};

export const placed = (resultPath: string | null | undefined, rawInput: unknown, result: unknown): unknown => {
  if (resultPath === null) return rawInput;
  return resultPath === undefined ? result : withValueAt(resultPath, rawInput, result);
};
