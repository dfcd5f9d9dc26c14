import { UsageError } from '../serve-flags.ts'

const USAGE =
  'usage: promontory tsdb list [-r] [DIR] | analyze [DIR [BLOCK]] | dump [DIR] | dump-openmetrics [DIR] | create-blocks-from openmetrics FILE [DIR] | create-blocks-from rules --start=… FILE… | verify [DIR] | import URL [DIR] --start=… | bench write [FILE]'

type Job = (args: readonly string[]) => Promise<number>

/** Loaded when asked for. */
const JOBS: Readonly<Record<string, () => Promise<Job>>> = {
  list: async () => (await import('./tsdb-list.ts')).list,
  analyze: async () => (await import('./tsdb-analyze.ts')).analyze,
  dump: async () => (await import('./tsdb-dump.ts')).dump,
  'dump-openmetrics': async () => (await import('./tsdb-dump.ts')).dumpOpenMetrics,
  'create-blocks-from': async () => (await import('./tsdb-create-blocks.ts')).createBlocksFrom,
  import: async () => (await import('./tsdb-import.ts')).importFrom,
  bench: async () => (await import('./tsdb-bench.ts')).bench,
  verify: async () => (await import('./tsdb-verify.ts')).verify,
}

/** `promontory tsdb …`: looks into a data directory, with promtool's names and output. */
export async function tsdb(args: readonly string[]): Promise<number> {
  const [job = '', ...rest] = args
  const load = JOBS[job]
  if (load === undefined) throw new UsageError(USAGE)
  return (await load())(rest)
}
