import { queryableContract } from '@promontory/model/queryable-contract'
import { MemoryStorage, type MemorySample } from './memory.ts'
import type { ContractSample } from '@promontory/model/queryable-contract'

function sampleOf({ timeMs, value, histogram }: ContractSample): MemorySample {
  if (histogram !== undefined) return { timeMs, histogram }
  return value === undefined ? { timeMs, stale: true } : { timeMs, value }
}

queryableContract('memory', async (series) => {
  const memory = new MemoryStorage()
  for (const { labels, samples } of series) memory.append(labels, samples.map(sampleOf))
  return { queryable: memory, append: (labels, sample) => memory.append(labels, [sampleOf(sample)]) }
})
