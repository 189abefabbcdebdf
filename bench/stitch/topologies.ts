/**
 * What Lambda and its event sources do to a transaction, one function for each. Times are true ones, in ms of the world;
 * a redelivery, a redrive or a replay comes hours or days later.
 */
import type { Dialect } from "./hops.ts";
import { type Work, type World, type WorldBuilder, type WorldOptions, createWorld } from "./world.ts";

type Topology = (world: WorldBuilder, atMs: number) => void;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const chain: Topology = (world, atMs) => {
  const api = world.begin("api", atMs);
  const pay = world.receive(world.send(api, "sqs"), "pay");
  const ship = world.receive(world.send(pay, "eventbridge"), "ship");
  world.receive(world.send(ship, "sns"), "mail");
};

const httpChain: Topology = (world, atMs) => {
  const front = world.begin("front", atMs);
  const cart = world.receive(world.send(front, "http"), "cart", { afterMs: 3 });
  world.receive(world.send(cart, "http"), "prices", { afterMs: 3 });
};

const syncInvoke: Topology = (world, atMs) => {
  const front = world.begin("front", atMs);
  const tax = world.receive(world.send(front, "invoke"), "tax", { afterMs: 2 });
  world.receive(world.send(tax, "invoke"), "rates", { afterMs: 2 });
};

/** An async event that fails is tried twice more under its request id. */
const retries: Topology = (world, atMs) => {
  const sent = world.send(world.begin("api", atMs), "invoke");
  const dialect = world.dialect();
  const attempts = [0, 60_000, 180_000].map((afterMs) =>
    world.receive(sent, "flaky", { afterMs: afterMs + 40, dialect }),
  );
  world.related(...attempts);
};

/** SQS delivers again what was not deleted, twelve hours later at the latest. */
const redelivery: Topology = (world, atMs) => {
  const sent = world.send(world.begin("api", atMs), "sqs");
  for (const afterMs of [40, 30_000, 12 * HOUR_MS]) world.receive(sent, "worker", { afterMs });
};

/** The move to a dead-letter queue keeps the message's id. */
const deadLetter: Topology = (world, atMs) => {
  const sent = world.send(world.begin("api", atMs), "sqs");
  world.receive(sent, "worker", { afterMs: 40 });
  world.receive(sent, "dead-letters", { afterMs: 3 * HOUR_MS });
};

/** A redrive gives the message a new id, which nobody is told of: only what the message carries still leads to its sender. */
const redrive: Topology = (world, atMs) => {
  const api = world.begin("api", atMs);
  const sent = world.send(api, "sqs");
  world.receive(sent, "worker", { afterMs: 40 });
  const context = world.pick(["kept", "missing"] as const);
  world.redriven(sent, "worker", 2 * DAY_MS, context);
};

const fanOut: Topology = (world, atMs) => {
  const api = world.begin("api", atMs);
  const topic = world.send(api, "sns");
  for (const name of ["mail", "stock", "audit"]) world.receive(topic, name);
  const bus = world.send(api, "eventbridge");
  for (const name of ["points", "search"]) world.receive(bus, name);
};

/** EventBridge → SNS → SQS: the record has an id of each, and only the first is known to who sent it. */
const wrapped: Topology = (world, atMs) => {
  const sent = world.send(world.begin("api", atMs), "eventbridge");
  const hidden = (carrier: "sns" | "sqs") => ({ ...sent, carrier, id: world.uuid() });
  world.receive(sent, "worker", { more: [hidden("sns"), hidden("sqs")], dialect: "mayfly" });
};

const batch =
  (dialects: readonly Dialect[], withRecords: boolean): Topology =>
  (world, atMs) => {
    const count = 2 + Math.floor(world.random() * 9);
    const sent = Array.from({ length: count }, (_, n) => world.send(world.begin("api", atMs + n * 7), "sqs"));
    const { invocation, records } = world.receiveBatch(sent, "batch", world.pick(dialects), withRecords);
    for (const record of records) if (world.random() < 0.5) world.receive(world.send(record, "eventbridge"), "ship");
    for (const name of ["report", "metrics"])
      if (world.random() < 0.3) world.receive(world.send(invocation, "eventbridge"), name);
  };

/** One transaction sends several messages that come in one batch, beside those of others. */
const gathered: Topology = (world, atMs) => {
  const one = world.begin("api", atMs);
  const other = world.begin("api", atMs + 3);
  const sent = [one, one, other, one].map((by) => world.send(by, "sqs"));
  world.receiveBatch(sent, "batch", "mayfly", true);
};

const stream: Topology = (world, atMs) => {
  const sent = [0, 5, 11].map((n) => world.send(world.begin("api", atMs + n), "kinesis"));
  for (const record of world.receiveBatch(sent, "projector", "mayfly", true).records)
    world.receive(world.send(record, "s3"), "thumb");
};

const mapState: Topology = (world, atMs) => {
  const execution = world.send(world.begin("api", atMs), "execution");
  world.related(...[0, 1, 2, 3].map((n) => world.receive(execution, "iteration", { afterMs: 100 + n })));
};

/** Its children are executions of their own: what their tasks see is the child's ARN, which nobody says to have started. */
const distributedMap: Topology = (world, atMs) => {
  const root = world.send(world.begin("api", atMs), "execution");
  world.receive(root, "plan");
  for (let child = 0; child < 3; child++) {
    const hidden = { ...root, id: `${root.id}/Map:${world.uuid()}` };
    const context = world.pick(["kept", "missing"] as const);
    const tasks = [0, 1].map((n) => world.unsent(hidden, "item", 200 + child * 10 + n, context));
    world.related(...tasks);
  }
};

const nested: Topology = (world, atMs) => {
  const outer = world.receive(world.send(world.begin("api", atMs), "execution"), "outer", { dialect: "mayfly" });
  const inner = world.send(outer, "execution");
  world.related(...[0, 1].map((n) => world.receive(inner, "inner", { afterMs: 80 + n * 40 })));
};

/** A task waits; whoever has its token answers, and the execution goes on with the next state. */
const callback: Topology = (world, atMs) => {
  const ask = world.receive(world.send(world.begin("api", atMs), "execution"), "ask", { dialect: "mayfly" });
  const clerk = world.receive(world.send(ask, "sqs"), "clerk", { afterMs: HOUR_MS });
  world.receive(world.send(clerk, "callback"), "resumed", { dialect: "mayfly" });
};

/** The same event, once more, days later. */
const replay: Topology = (world, atMs) => {
  const sent = world.send(world.begin("api", atMs), "eventbridge");
  for (const afterMs of [50, 5 * DAY_MS]) world.receive(sent, "ship", { afterMs });
};

const scheduled: Topology = (world, atMs) => {
  const nightly = world.begin("nightly", atMs, {
    trigger: "timer",
    consumed: `eventbridge-event||${world.uuid()}`,
  });
  world.receive(world.send(nightly, "sqs"), "worker");
};

/** An order of messages in which each hop waits for days. */
const slow: Topology = (world, atMs) => {
  let work: Work = world.begin("api", atMs);
  for (const name of ["one", "two", "three"])
    work = world.receive(world.send(work, "sqs"), name, { afterMs: 2 * DAY_MS + Math.floor(world.random() * DAY_MS) });
};

/** An item, and an object of the same content, that another transaction writes an hour later. */
const rewritten =
  (carrier: "item" | "object"): Topology =>
  (world, atMs) => {
    const dialect = "mayfly";
    const first = world.send(world.begin("api", atMs, { dialect }), carrier);
    for (const name of ["projector", "search"])
      world.receive(world.send(world.receive(first, name, { dialect }), "sqs"), "mail");
    const again = world.send(world.begin("api", atMs + HOUR_MS, { dialect }), carrier, first.id);
    world.ambiguous(again, "projector");
  };

/** Who is told of an item leads to who writes it at once: that this was no cause of it, the context tells that it carries. */
const pipeline: Topology = (world, atMs) => {
  const dialect = "mayfly";
  const first = world.send(world.begin("api", atMs, { dialect }), "item");
  const told = world.receive(first, "projector", { dialect });
  world.send(told, "item", first.id);
  const pay = world.receive(world.send(told, "sqs"), "pay", { dialect, context: "kept" });
  world.ambiguous(world.send(pay, "item", first.id), "projector");
};

/** Its own writer says nothing of it, and who writes it later does. */
const unsaidItem: Topology = (world, atMs) => {
  const first = world.send(world.begin("api", atMs, { dialect: "official" }), "item");
  world.receive(first, "projector", { dialect: "mayfly", context: "missing" });
  world.send(world.begin("api", atMs + HOUR_MS, { dialect: "mayfly" }), "item", first.id);
};

/** Several items in one batch of a stream, of which each is written again, one of them by its own writer at once. */
const itemStream: Topology = (world, atMs) => {
  const writers = [0, 5, 11].map((n) => world.begin("api", atMs + n, { dialect: "mayfly" }));
  const sent = writers.map((by) => world.send(by, "item"));
  const [first] = writers;
  if (first && sent[0]) world.send(first, "item", sent[0].id);
  for (const record of world.receiveBatch(sent, "projector", "mayfly", true).records)
    world.receive(world.send(record, "sqs"), "mail");
  const later = world.begin("api", atMs + HOUR_MS, { dialect: "mayfly" });
  for (const { id } of sent) world.send(later, "item", id);
};

const TOPOLOGIES: Readonly<Record<string, Topology>> = {
  chain,
  httpChain,
  syncInvoke,
  retries,
  redelivery,
  deadLetter,
  redrive,
  fanOut,
  wrapped,
  batchWithRecords: batch(["mayfly"], true),
  batchWithoutRecords: batch(["mayfly", "official", "generic"], false),
  gathered,
  stream,
  mapState,
  distributedMap,
  nested,
  callback,
  replay,
  scheduled,
  slow,
  rewrittenItem: rewritten("item"),
  rewrittenObject: rewritten("object"),
  pipeline,
  unsaidItem,
  itemStream,
};

/** So many of each topology, mixed in time. */
export const worldOf = (each: number, options: WorldOptions): World => {
  const world = createWorld(options);
  let atMs = 0;
  for (let round = 0; round < each; round++)
    for (const make of Object.values(TOPOLOGIES)) make(world, (atMs += 400 + Math.floor(options.random() * 4000)));
  return world.done();
};
