import { Worker } from 'node:worker_threads'
import type { CompactionResult, CompactionTask } from '@promontory/tsdb'
import type { CompactorWorkerData } from './compactor-worker.ts'
import { workerFile } from './query-pool.ts'

/** Runs a compaction task in a thread of its own. @throws what the task threw */
export function runInCompactor(
  task: CompactionTask,
  memory: WebAssembly.Memory,
  reader: number,
): Promise<CompactionResult> {
  return new Promise((resolve, reject) => {
    const workerData: CompactorWorkerData = { memory, reader, task }
    const worker = new Worker(workerFile('compactor-worker'), { workerData })
    let result: { value: CompactionResult } | undefined
    worker.on('message', (value: CompactionResult) => (result = { value }))
    worker.on('error', reject)
    worker.on('exit', (code) => {
      if (result !== undefined) resolve(result.value)
      else reject(new Error(`the compactor ended with code ${code}`))
    })
  })
}
