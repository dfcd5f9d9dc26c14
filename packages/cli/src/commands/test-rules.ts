import { type Appender, isStaleAt, Labels } from '@promontory/model'
import { Engine } from '@promontory/promql'
import { MemoryStorage } from '@promontory/promql/memory'
import { runRuleTests, type RuleTestEnvironment } from '@promontory/rules/testing'

/** Runs unit tests of rules in promtool's format, and prints as promtool does. @returns exit code */
export async function testRuleFiles(files: readonly string[]): Promise<number> {
  let failed = false
  for (const file of files) {
    const failures = await deviations(file)
    process.stdout.write(`Unit Testing:  ${file}\n`)
    if (failures.length === 0) process.stdout.write('  SUCCESS\n\n')
    else process.stdout.write(`  FAILED:\n${failures.join('\n')}\n\n`)
    failed ||= failures.length > 0
  }
  return failed ? 1 : 0
}

async function deviations(file: string): Promise<string[]> {
  try {
    return (await runRuleTests(file, { open: openMemory })).map(({ message }) => message)
  } catch (error) {
    return [(error as Error).message]
  }
}

/** A storage in memory behind the contracts that rules use. */
async function openMemory(subqueryStepMs: number): Promise<RuleTestEnvironment> {
  const storage = new MemoryStorage()
  const engine = new Engine({ subqueryStepMs })
  return {
    appender: appenderOf(storage),
    query: async (expr, timeMs) => {
      const { value, warnings, infos } = await engine.instant(storage, expr, timeMs)
      if (value.type === 'vector') return { samples: value.samples, warnings, infos }
      if (value.type !== 'scalar') throw new Error('rule result is not a vector or scalar')
      return { samples: [{ labels: Labels.EMPTY, value: value.value }], warnings, infos }
    },
    close: async () => {},
  }
}

function appenderOf(storage: MemoryStorage): Appender {
  const series: Labels[] = []
  const refs = new Map<string, number>()
  return {
    seriesRef(labels) {
      const key = labels.key()
      let ref = refs.get(key)
      if (ref === undefined) refs.set(key, (ref = series.push(labels) - 1))
      return ref
    },
    append(batch) {
      for (let i = 0; i < batch.count; i++)
        storage.append(series[batch.refs[i]!]!, [
          { timeMs: batch.timesMs[i]!, value: batch.values[i]!, stale: isStaleAt(batch.bits, i) },
        ])
      for (const { ref, timeMs, histogram } of batch.histograms)
        storage.append(series[ref]!, [{ timeMs, histogram }])
      return { appended: batch.count, statuses: new Uint8Array(batch.count), histogramStatuses: [] }
    },
  }
}
