/**
 * Answers against the truth, by pairs of works: are they of one transaction?
 *
 * precision   of the pairs that stand in one stitched trace, those of one transaction. What a batch's invocation called outside of its
 *             records is shown with the batch and all of its records, and in no transaction of theirs
 * recall      of the pairs of one transaction that ids or contexts connect, those that stand in one stitched trace
 * merged      answers that hold works of several transactions, and a batch: how unrelated ones would come together
 * named       of the hops that nothing joins and of which one side tells (hops.ts), those beside which the story says that something is
 *             missing; where neither side does, nobody can know of the hop, and no gap is asked for
 * false       gaps beside which nothing is missing, or not what the gap says: at joined hops, at what begins by itself, wherever
 */
import { tellsOfReceiver, tellsOfSender } from "./hops.ts";
import { type Hop, type Shell, type Work, type World, isSaidProduced } from "./world.ts";

export interface Story {
  readonly id: string;
  /** `<traceId>.<spanId>` of all its spans. */
  readonly spans: ReadonlySet<string>;
  /** From, relation and to of each. */
  readonly joins: readonly string[];
  readonly gaps: readonly { readonly reason: string; readonly at: string }[];
}

export type Ask = (id: string) => Promise<Story | undefined>;

export interface Verdict {
  readonly works: number;
  readonly pairsFound: number;
  readonly pairsJoinable: number;
  readonly precision: number;
  readonly recall: number;
  readonly mergedThroughBatches: number;
  readonly unjoinable: number;
  /** Of those, the ones that neither side tells of. */
  readonly unknowable: number;
  readonly unjoinableNamed: number;
  readonly gaps: number;
  readonly falseGaps: number;
  /** Where something was wrong, a few of each. */
  readonly wrong: readonly string[];
  readonly missed: readonly string[];
  readonly unnamed: Readonly<Record<string, number>>;
  readonly falselyNamed: Readonly<Record<string, number>>;
}

const EXAMPLES = 12;
/** Clocks may be a second apart, and joining allows for two. */
const CLOCK_SLACK_MS = 3_000;

export const judge = async (world: World, ask: Ask): Promise<Verdict> => {
  const { works, shells, hops } = world;
  const componentOf = components(world);
  const stories = new Map<Work, Story>();
  // A batch's invocation sends too, outside of its records.
  for (const work of new Set([...works, ...hops.map((hop) => hop.from)])) {
    const story = await ask(work.path);
    if (story === undefined) throw new Error(`nothing is known of ${work.path}`);
    stories.set(work, story);
  }
  const byPath = new Map(works.map((work) => [work.path, work]));
  const shellByPath = new Map(shells.map((shell) => [shell.path, shell]));
  const batches = new Map(shells.map((shell) => [shell.transaction, shell]));
  const members = Map.groupBy(works, componentOf);
  const shellsOf = Map.groupBy(
    hops.filter((hop) => hop.isJoinable && !isWork(hop.to)),
    (hop) => componentOf(hop.from),
  );

  let [right, found, expected, met, merged] = [0, 0, 0, 0, 0];
  const wrong: string[] = [];
  const missed: string[] = [];
  for (const work of works) {
    const story = stories.get(work) as Story;
    let foreign = 0;
    let holdsShell = false;
    for (const path of story.spans) {
      const other = byPath.get(path);
      const shell = shellByPath.get(path);
      if (shell) holdsShell = true;
      if (other === work || (other === undefined && shell === undefined)) continue;
      found += 1;
      const isRight = other
        ? other.transaction === work.transaction || batches.get(work.transaction)?.transactions.has(other.transaction)
        : (shell as Shell).transactions.has(work.transaction);
      if (isRight) right += 1;
      else {
        foreign += 1;
        if (wrong.length < EXAMPLES) wrong.push(`${nameOf(work)} with ${other ? nameOf(other) : "a batch"}`);
      }
    }
    if (foreign > 0 && holdsShell) merged += 1;
    const component = componentOf(work);
    const together = [
      ...(members.get(component) ?? []).filter((one) => one !== work),
      ...new Set((shellsOf.get(component) ?? []).map((hop) => hop.to)),
    ];
    for (const other of together) {
      expected += 1;
      if (story.spans.has(other.path)) met += 1;
      else if (missed.length < EXAMPLES)
        missed.push(`${nameOf(work)} without ${isWork(other) ? nameOf(other) : "its batch"}`);
    }
  }

  const open = hops.filter(
    (hop) => !hop.isJoinable && (!isWork(hop.to) || componentOf(hop.from) !== componentOf(hop.to)),
  );
  const isTold = toldBySomebody(hops);
  const known = open.filter(isTold);
  const unnamed = known.filter((hop) => !isNamed(hop, stories));
  const { all: gaps, unfounded } = unfoundedGaps(world, stories);
  return {
    works: works.length,
    pairsFound: found,
    pairsJoinable: expected,
    precision: found === 0 ? 1 : right / found,
    recall: expected === 0 ? 1 : met / expected,
    mergedThroughBatches: merged,
    unjoinable: open.length,
    unknowable: open.length - known.length,
    unjoinableNamed: known.length - unnamed.length,
    gaps,
    falseGaps: unfounded.length,
    wrong,
    missed,
    unnamed: counted(unnamed.map(hopName)),
    falselyNamed: counted(unfounded),
  };
};

const isWork = (one: Work | Shell): one is Work => "nowMs" in one;

const nameOf = ({ environment, transaction, path }: Work): string =>
  `${environment.functionName} of ${transaction} (${path})`;

const counted = (names: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));

const hopName = ({ from, carrier, context, to }: Hop): string =>
  `${from.environment.dialect} ${carrier} ${context} ${isWork(to) ? to.environment.dialect : "batch"}`;

/** Whether the spans of one side say that there must be another. */
const toldBySomebody = (hops: readonly Hop[]): ((hop: Hop) => boolean) => {
  const ofSpan = Map.groupBy(hops, ({ fromPath }) => fromPath);
  return ({ fromPath, carrier, context, to, isAmbiguous = false }) => {
    const isHeardOf = (ofSpan.get(fromPath) ?? []).some(
      (one) => one.context === "kept" || (one.saysReceived && isSaidProduced(one)),
    );
    if (tellsOfReceiver(carrier) && !isHeardOf) return true;
    // A foreign parent; and Lambda's own segment, which the official instrumentation takes for it.
    if (!isWork(to)) return false;
    const { dialect } = to.environment;
    if (isAmbiguous) return true;
    return context === "foreign" || (context === "xray" && dialect === "official") || tellsOfSender(dialect, carrier);
  };
};

/** At the consumer, or beside the span that sent. */
const isNamed = ({ from, fromPath, to }: Hop, stories: ReadonlyMap<Work, Story>): boolean => {
  const atSender = stories.get(from)?.gaps.some((gap) => gap.at === fromPath) ?? false;
  if (atSender || !isWork(to)) return atSender;
  const own = new Set(to.part.spans.map((span) => `${span.traceId}.${span.spanId}`));
  return stories.get(to)?.gaps.some((gap) => own.has(gap.at)) ?? false;
};

/**
 * Works that an id or a context connects, directly or through each other. X-Ray's Root is an id, as a trace id, of whom no other
 * leads up to a sender, unless a batch had it by then; and so is a key that nobody produced, of whom no parent is named.
 */
const components = ({ works, shells, hops, siblings }: World): ((work: Work) => Work) => {
  const above = new Map<Work, Work>();
  const top = (work: Work): Work => {
    let one = work;
    for (let next = above.get(one); next; next = above.get(one)) one = next;
    return one;
  };
  const unite = (a: Work, b: Work): void => {
    const [topA, topB] = [top(a), top(b)];
    if (topA !== topB) above.set(topB, topA);
  };
  const joined = hops.filter((hop) => hop.isJoinable);
  for (const { from, to } of joined) if (isWork(to)) unite(from, to);
  const led = new Set(joined.map((hop) => hop.to));
  const named = new Set(hops.filter((hop) => hop.context === "foreign").map((hop) => hop.to));
  const orphans = siblings.map((group) =>
    group.filter((work) => work.environment.dialect === "mayfly" && !named.has(work)),
  );
  const sharedRoots = Map.groupBy(shells, ({ xrayRoot }) => xrayRoot);
  const isShared = ({ traceId, atMs }: Work): boolean =>
    sharedRoots.get(traceId)?.some((shell) => atMs > shell.atMs - CLOCK_SLACK_MS) ?? false;
  const sameRoot = Map.groupBy(
    works.filter((work) => !led.has(work) && !isShared(work)),
    ({ transaction, traceId }) => `${transaction} ${traceId}`,
  ).values();
  for (const group of [...orphans, ...sameRoot]) for (const one of group.slice(1)) unite(group[0] as Work, one);
  return top;
};

/** What a gap may rightly say, by the span that it stands at. */
const unfoundedGaps = (
  { works, shells, hops }: World,
  stories: ReadonlyMap<Work, Story>,
): { readonly all: number; readonly unfounded: readonly string[] } => {
  const right = new Set<string>();
  const allow = (path: string, ...reasons: readonly string[]): void => {
    for (const reason of reasons) right.add(`${reason} ${path}`);
  };
  const withRoot = Map.groupBy(works, ({ traceId }) => traceId);
  for (const shell of shells) allow(shell.path, "batch-without-records");
  for (const hop of hops) {
    const { fromPath, to, carrier, context, isJoinable, isAmbiguous = false } = hop;
    // Which of two requests with one Root called the other, only their clocks say.
    if (carrier === "http" && context === "xray")
      for (const work of withRoot.get(hop.from.xrayRoot) ?? []) allow(work.path, "xray-only-context");
    // Also where a Root joins them: by what was sent they are not joined then.
    if (!isJoinable) allow(fromPath, "no-consumer", "no-message-id");
    const at = isWork(to) && !to.isRecord ? to.part.spans.map((span) => `${span.traceId}.${span.spanId}`) : [to.path];
    for (const path of at) {
      if (!isJoinable) allow(path, "unknown-producer", "no-message-id");
      if (isAmbiguous) allow(path, "ambiguous-producer");
      if (context !== "kept") allow(path, "dropped-context");
      if (context === "foreign" || context === "xray") allow(path, "missing-parent");
      if (context === "stale") allow(path, "stale-context");
      if (context === "xray") allow(path, "xray-only-context");
    }
  }
  const places = new Map([...works, ...shells].map((one) => [one.path, isWork(one) ? nameOf(one) : "a batch"]));
  const all = new Map([...stories.values()].flatMap(({ gaps }) => gaps).map((gap) => [`${gap.reason} ${gap.at}`, gap]));
  const unfounded = [...all]
    .filter(([gap]) => !right.has(gap))
    .map(([, { reason, at }]) => `${reason} ${places.get(at) ?? "at a call"}`.replace(/ of .*/, ""));
  return { all: all.size, unfounded };
};
