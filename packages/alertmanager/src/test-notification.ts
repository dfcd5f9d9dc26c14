import { randomBytes } from 'node:crypto'
import { Labels } from '@promontory/model'
import { createAlert } from './alerts/alert.ts'
import type { Alertmanager } from './alertmanager.ts'
import type { PreviewedRequest } from './notify/integration.ts'
import { notificationJson, type Notification } from './template/notification-data.ts'

export interface TestRequest {
  /** A receiver, or `labels` alone for those that the routes choose. */
  readonly receiver?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly status: 'firing' | 'resolved'
  /** Render only, send nothing. */
  readonly isPreview: boolean
}

export interface TestResult {
  readonly receiver: string
  /** `receiver/integration/index` */
  readonly integration: string
  /** What was, or would be, sent. */
  readonly requests: readonly PreviewedRequest[]
  readonly error?: string
}

/** A receiver that is not configured. */
export class UnknownReceiverError extends Error {
  override readonly name = 'UnknownReceiverError'
}

/** How long a test delivery may take. */
const TEST_TIMEOUT_MS = 15_000
const RESOLVED_AGE_MS = 60_000

/** Renders a made-up notification and, unless only a preview is wanted, sends it: past groups, silences and the log. */
export async function testNotification(alertmanager: Alertmanager, test: TestRequest): Promise<TestResult[]> {
  const labels = Labels.from({ alertname: 'TestAlert', ...test.labels })
  const receivers =
    test.receiver === undefined
      ? [...new Set(alertmanager.routesOf(labels).map(({ receiver }) => receiver))]
      : [test.receiver]
  const known = alertmanager.config?.config.receivers.map(({ name }) => name) ?? []
  for (const receiver of receivers)
    if (!known.includes(receiver))
      throw new UnknownReceiverError(`there is no receiver "${receiver}", only ${known.join(', ') || 'none'}`)
  const route = alertmanager.routesOf(labels)[0]
  const { nowMs } = alertmanager
  const alert = createAlert({
    labels,
    annotations: Labels.from(test.annotations),
    startsAtMs: nowMs - RESOLVED_AGE_MS,
    endsAtMs: test.status === 'firing' ? nowMs + RESOLVED_AGE_MS : nowMs,
    generatorUrl: alertmanager.externalUrl,
    updatedAtMs: nowMs,
    timeout: false,
  })
  const results: Promise<TestResult>[] = []
  for (const receiver of receivers) {
    const notification: Notification = {
      receiver,
      // Its own key: services that deduplicate must not take it for a real group.
      groupKey: `test-${randomBytes(8).toString('hex')}`,
      groupLabels: route?.groupLabels(labels) ?? Labels.EMPTY,
      routeLabels: {},
      alerts: [alert],
      reason: test.status === 'firing' ? 'first notification' : 'all alerts resolved',
      nowMs,
      externalUrl: alertmanager.externalUrl,
    }
    for (const integration of alertmanager.integrations(receiver))
      results.push(tryOne(alertmanager, integration, notification, test.isPreview))
  }
  return Promise.all(results)
}

async function tryOne(
  alertmanager: Alertmanager,
  integration: ReturnType<Alertmanager['integrations']>[number],
  notification: Notification,
  isPreview: boolean,
): Promise<TestResult> {
  const requests: PreviewedRequest[] = []
  const result = {
    receiver: notification.receiver,
    integration: `${notification.receiver}/${integration.kind}/${integration.index}`,
    requests,
  }
  const attempt = (sends: boolean): Promise<void> =>
    integration.notify({
      notification,
      renderer: alertmanager.templates!.renderer(notificationJson(notification)),
      signal: AbortSignal.timeout(TEST_TIMEOUT_MS),
      data: new Map(),
      ...(sends ? {} : { preview: (request: PreviewedRequest) => void requests.push(request) }),
    })
  try {
    await attempt(false)
  } catch (error) {
    // Receivers that read the answer miss it in a preview; what counts is whether anything was rendered.
    if (requests.length === 0) return { ...result, error: (error as Error).message }
  }
  if (isPreview) return result
  try {
    await attempt(true)
    return result
  } catch (error) {
    return { ...result, error: (error as Error).message }
  }
}
