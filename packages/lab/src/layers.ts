/**
 * Layers: local folders, each holding what Lambda would unpack at /opt. Of two that have the same file the later one counts.
 *
 * /opt itself cannot be written here, so a path below it stands for the layer's own file in two variables, AWS_LAMBDA_EXEC_WRAPPER and
 * NODE_OPTIONS, and nowhere else: a wrapper script finds what lies beside it by `dirname "$0"`, which is right on Lambda, too.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { NodeRuntime } from "./runtime.ts";

type Layers = readonly string[];

/** The file that a path below /opt stands for. */
export const fileInLayers = (path: string, layers: Layers): string | undefined =>
  layers
    .map((layer) => join(layer, path.slice("/opt".length)))
    .toReversed()
    .find((file) => existsSync(file));

/** With every path below /opt that a layer has replaced by the layer's file. */
export const withLayerFiles = (text: string, layers: Layers): string =>
  text.replaceAll(/\/opt\/[^\s"']+/g, (path) => fileInLayers(path, layers) ?? path);

/** Where `require` looks for packages, before the function's own folder. */
export const modulePaths = (layers: Layers, node: NodeRuntime): string[] =>
  [`nodejs/${node.replace(/^nodejs(\d+)\.x$/, "node$1")}/node_modules`, "nodejs/node_modules"].flatMap((folder) =>
    layers.map((layer) => join(layer, folder)).toReversed(),
  );
