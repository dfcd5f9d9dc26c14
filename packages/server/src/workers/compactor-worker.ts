import { parentPort, workerData } from 'node:worker_threads'
import { Compactor, type CompactionTask } from '@promontory/tsdb'

/** What the compactor's thread is started with: it does one task and ends, so that its memory goes back. */
export interface CompactorWorkerData {
  readonly memory: WebAssembly.Memory
  readonly reader: number
  readonly task: CompactionTask
}

const { memory, reader, task } = workerData as CompactorWorkerData
parentPort!.postMessage(new Compactor(memory, reader).run(task))
