import type { Reporter, TestModule } from "vitest/node";

/**
 * The last line of a run: `N passed, N failed[, N skipped]`, so that a machine can read the outcome.
 *
 * Counts one failure more for each error outside a test and for each file that failed before it had tests (a broken
 * import), because vitest lists neither among the tests. Printed at exit: a coverage table comes after the run's end.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const testModule of modules) {
      const tests = [...testModule.children.allTests()];
      for (const test of tests) count[test.result().state] += 1;
      if (tests.length === 0 && testModule.state() === "failed") count.failed += 1;
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
    process.on("exit", () => console.log(`${count.passed} passed, ${count.failed} failed${skipped}`));
  }
}
