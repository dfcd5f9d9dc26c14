import { silentLogger, systemClock } from '@promontory/base'
import { StateDatabase } from '@promontory/state'
import { AnnotationStore } from '../annotation-store.ts'
import { DashboardStore } from '../dashboard-store.ts'
import { DataSourceStore } from '../data-source-store.ts'
import { FolderStore } from '../folder-store.ts'
import { Provisioner } from '../provisioning/provisioner.ts'
import { SecretBox } from '../secret-box.ts'
import { StarStore } from '../star-store.ts'
import { STEPS } from '../tables.ts'

export interface Stores {
  readonly state: StateDatabase
  readonly dashboards: DashboardStore
  readonly folders: FolderStore
  readonly dataSources: DataSourceStore
  readonly annotations: AnnotationStore
  readonly stars: StarStore
  readonly provisioner: (directory: string, environment?: Record<string, string>) => Provisioner
}

/** All stores on a database in memory, closed behind `work`. */
export async function withStores(work: (stores: Stores) => Promise<void>): Promise<void> {
  const state = await StateDatabase.open({ kind: 'sqlite', file: ':memory:' })
  try {
    await state.migrate('dashboards', STEPS)
    const clock = systemClock
    const dashboards = new DashboardStore(state, clock)
    const folders = new FolderStore(state, clock)
    const dataSources = new DataSourceStore(state, clock, SecretBox.fromText('test'))
    await dataSources.ensureOwn()
    await work({
      state,
      dashboards,
      folders,
      dataSources,
      annotations: new AnnotationStore(state, clock),
      stars: new StarStore(state),
      provisioner: (directory, environment = {}) =>
        new Provisioner({ directory, environment, dashboards, folders, dataSources, logger: silentLogger }),
    })
  } finally {
    await state.close()
  }
}
