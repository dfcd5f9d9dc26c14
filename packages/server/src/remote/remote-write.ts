import { join } from 'node:path'
import type { Clock, Logger, Registry } from '@promontory/base'
import { type FamilyMetadata, RemoteWriteManager } from '@promontory/remote'
import { endOfWal, segmentsOfWal, type Tsdb, WalFeed } from '@promontory/tsdb'
import type { ServerOptions } from '../options.ts'
import { VERSION } from '../version.ts'

export interface RemoteWriteInput {
  readonly options: ServerOptions
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly storage: Tsdb
  readonly metadata: () => readonly FamilyMetadata[]
}

/** The queues of `remote_write`, fed from the storage's log, which keeps what they have yet to send. */
export function createRemoteWrite(input: RemoteWriteInput): RemoteWriteManager {
  const { options, storage } = input
  const walDirectory = join(storage.directory, 'wal')
  const manager = new RemoteWriteManager({
    logs: {
      end: () => endOfWal(walDirectory),
      segments: () => segmentsOfWal(walDirectory),
      open: (from, sink) => WalFeed.open(walDirectory, from, sink),
    },
    metadata: input.metadata,
    taken: () => {
      const { metrics, maxTimeMs, exemplars } = storage.head
      const [samples, histograms] = [
        metrics.samplesAppended.get('float'),
        metrics.samplesAppended.get('histogram'),
      ]
      return { samples, histograms, exemplars: exemplars.appended, highestMs: maxTimeMs }
    },
    directory: join(options.ownDirectory, 'remote-write'),
    clock: input.clock,
    logger: input.logger.with({ component: 'remote' }),
    registry: input.registry,
    userAgent: `Promontory/${VERSION}`,
    flushDeadlineMs: options.remote.flushDeadlineMs,
    logBytesMax: options.remote.logBytesMax,
  })
  storage.maintenance.keepLogFrom = () => manager.needsFrom()?.segment ?? Infinity
  return manager
}
