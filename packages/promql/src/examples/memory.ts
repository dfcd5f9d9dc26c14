import { Labels } from '@promontory/model'
import { Engine } from '@promontory/promql'
import { MemoryStorage } from '@promontory/promql/memory'

const storage = new MemoryStorage()
for (const [route, perMinute] of [
  ['/a', 60],
  ['/b', 120],
] as const)
  storage.append(
    Labels.from({ __name__: 'requests_total', route }),
    Array.from({ length: 11 }, (_, minute) => ({ timeMs: minute * 60_000, value: minute * perMinute })),
  )

const engine = new Engine()
const { value, warnings } = await engine.range(storage, 'sum by (route) (rate(requests_total[5m]))', {
  startMs: 300_000,
  endMs: 600_000,
  stepMs: 60_000,
})
if (value.type === 'matrix')
  for (const { labels, values } of value.series) console.log(String(labels), values.join(' '))
console.log(warnings.length, 'warnings')
// {route="/a"} 1 1 1 1 1 1
// {route="/b"} 2 2 2 2 2 2
// 0 warnings
