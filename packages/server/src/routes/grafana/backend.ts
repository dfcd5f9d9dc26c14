import { join } from 'node:path'
import { Access, type Role } from '@promontory/access'
import type { Clock, Logger } from '@promontory/base'
import {
  AnnotationStore,
  DashboardStore,
  DataSourceStore,
  FolderStore,
  PreferenceStore,
  Provisioner,
  SecretBox,
  StarStore,
  STEPS,
} from '@promontory/dashboards'
import { parseDatabaseUrl, StateDatabase } from '@promontory/state'

export interface BackendOptions {
  /** Where what is ours lies. */
  readonly ownDirectory: string
  /** `--state.database` */
  readonly database: string
  readonly adminLogin: string
  readonly adminPassword: string | undefined
  readonly anonymousRole: Role | undefined
  /** Text that several instances share to read each other's secrets; undefined: a key file. */
  readonly secretKey: string | undefined
  /** Folder of provisioning files; undefined: none. */
  readonly provisioning: string | undefined
}

/** Everything behind the API of dashboards: the state database and those who keep something in it. */
export class Backend {
  readonly state: StateDatabase
  readonly access: Access
  readonly dashboards: DashboardStore
  readonly folders: FolderStore
  readonly stars: StarStore
  readonly annotations: AnnotationStore
  readonly dataSources: DataSourceStore
  readonly preferences: PreferenceStore
  /** Undefined where nothing is provisioned. */
  readonly provisioner: Provisioner | undefined

  private constructor(
    state: StateDatabase,
    access: Access,
    clock: Clock,
    secrets: SecretBox,
    provisioning: { readonly directory: string | undefined; readonly logger: Logger },
  ) {
    this.state = state
    this.access = access
    this.dashboards = new DashboardStore(state, clock)
    this.folders = new FolderStore(state, clock)
    this.stars = new StarStore(state)
    this.annotations = new AnnotationStore(state, clock)
    this.dataSources = new DataSourceStore(state, clock, secrets)
    this.preferences = new PreferenceStore(state)
    const { directory, logger } = provisioning
    this.provisioner =
      directory === undefined
        ? undefined
        : new Provisioner({ ...this.#stores(), directory, environment: process.env, logger })
  }

  /** @throws StateError when the database cannot be used */
  static async open(options: BackendOptions, fine: Clock, logger: Logger): Promise<Backend> {
    // The clock has fractions; columns of times are whole milliseconds.
    const clock: Clock = {
      nowMs: () => Math.floor(fine.nowMs()),
      monotonicMs: () => fine.monotonicMs(),
      setTimer: (delayMs, callback) => fine.setTimer(delayMs, callback),
    }
    const { adminLogin, adminPassword, anonymousRole } = options
    const state = await StateDatabase.open(parseDatabaseUrl(options.database, options.ownDirectory))
    try {
      const log = logger.with({ component: 'access' })
      const access = await Access.open({
        state,
        clock,
        logger: log,
        adminLogin,
        adminPassword,
        anonymousRole,
      })
      await state.migrate('dashboards', STEPS)
      const secrets =
        options.secretKey === undefined
          ? SecretBox.fromFile(join(options.ownDirectory, 'secret.key'))
          : SecretBox.fromText(options.secretKey)
      const backend = new Backend(state, access, clock, secrets, {
        directory: options.provisioning,
        logger: logger.with({ component: 'provisioning' }),
      })
      await backend.dataSources.ensureOwn()
      await backend.provisioner?.start()
      return backend
    } catch (error) {
      await state.close()
      throw error
    }
  }

  #stores(): Pick<Backend, 'dashboards' | 'folders' | 'dataSources'> {
    const { dashboards, folders, dataSources } = this
    return { dashboards, folders, dataSources }
  }

  async close(): Promise<void> {
    await this.provisioner?.close()
    await this.access.close()
    await this.state.close()
  }
}
