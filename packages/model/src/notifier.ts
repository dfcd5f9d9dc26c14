import type { Labels } from './labels.ts'

/** An alert as rules hand it over. `endsAtMs` in the past means resolved; in the future, the time it resolves by itself. */
export interface NotifierAlert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly generatorUrl: string
}

/** Takes alerts: the Alertmanager in this process, external ones, or several. Must not throw: failures are counted there. */
export interface Notifier {
  send(alerts: readonly NotifierAlert[]): void
}
