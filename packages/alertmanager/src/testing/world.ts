import { FakeClock, Registry, silentLogger } from '@promontory/base'
import { Labels } from '@promontory/model'
import { onTestFinished } from 'vitest'
import { Alertmanager, type AlertmanagerOptions } from '../alertmanager.ts'
import { HttpReceiver } from './http-receiver.ts'

export const START_MS: number = Date.UTC(2024, 0, 1, 12)

interface Told {
  readonly receiver: string
  readonly status: string
  readonly notification_reason: string
  readonly groupKey: string
  readonly alerts: readonly { readonly status: string; readonly labels: Record<string, string> }[]
}

/** What a test does with an Alertmanager. */
export interface World {
  readonly alertmanager: Alertmanager
  readonly receiver: HttpReceiver
  readonly clock: FakeClock
  readonly registry: Registry
  readonly labelsOf: (text: string) => Labels
  readonly fire: (...texts: string[]) => void
  readonly resolve: (...texts: string[]) => void
  /** Moves on and gives what was told meanwhile: `receiver status (reason): alerts`. */
  readonly told: (ms: number, expected: number) => Promise<string[]>
  /** What the receiver has heard since it was last asked, in the same form. */
  readonly heard: () => string[]
  readonly kinds: () => string[]
  /** Values of a family by their label values. */
  readonly metric: (name: string) => Record<string, number>
}

/** An Alertmanager on a fake clock with a real HTTP receiver. Alerts go by name: `a=b,c=d`. */
export async function world(yaml: string, options: Partial<AlertmanagerOptions> = {}): Promise<World> {
  const receiver = await HttpReceiver.open()
  const clock = (options.clock as FakeClock | undefined) ?? new FakeClock(START_MS)
  const registry = new Registry()
  const alertmanager = new Alertmanager({
    clock,
    logger: silentLogger,
    registry,
    externalUrl: 'http://am:9093',
    ...options,
  })
  await alertmanager.applyConfig(alertmanager.prepareConfig(yaml.replaceAll('URL', receiver.url), 'am.yml'))
  onTestFinished(async () => {
    await alertmanager.stop()
    await receiver.close()
  })
  const labelsOf = (text: string): Labels =>
    Labels.from(text.split(',').map((pair) => pair.split('=') as [string, string]))
  const send = (state: 'fire' | 'resolve', ...texts: string[]): void =>
    alertmanager.send(
      texts.map((text) => ({
        labels: labelsOf(text),
        annotations: Labels.from({ summary: `about ${text}` }),
        startsAtMs: state === 'fire' ? clock.nowMs() : START_MS,
        endsAtMs: state === 'fire' ? clock.nowMs() + 3_600_000 : clock.nowMs(),
        generatorUrl: 'http://p:9090/g',
      })),
    )
  const heard = (): string[] =>
    (receiver.takeJson() as Told[]).map(({ receiver: name, status, notification_reason: reason, alerts }) => {
      const names = alerts.map(
        (alert) => `${alert.status === 'resolved' ? '-' : '+'}${alert.labels.alertname}`,
      )
      return `${name} ${status} (${reason}): ${names.sort().join(' ')}`
    })
  return {
    alertmanager,
    receiver,
    clock,
    registry,
    labelsOf,
    fire: (...texts: string[]) => send('fire', ...texts),
    resolve: (...texts: string[]) => send('resolve', ...texts),
    heard,
    async told(ms: number, expected: number): Promise<string[]> {
      await clock.advance(ms)
      await receiver.waitFor(expected)
      await clock.advance(0)
      return heard().sort()
    },
    kinds: (): string[] => alertmanager.history.events().map(({ kind }) => kind),
    metric(name: string): Record<string, number> {
      const family = registry.collect().find((candidate) => candidate.name === name)!
      return Object.fromEntries(
        family.samples.map(({ labels, value }) => [labels.map(([, text]) => text).join(','), value]),
      )
    },
  }
}
