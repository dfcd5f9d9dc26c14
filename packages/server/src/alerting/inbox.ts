import type { InboxMessage } from '@promontory/api'

/** Messages kept; the oldest go. */
const MESSAGES_MAX = 200
/** Bodies longer than this are refused. */
export const INBOX_BYTES_MAX: number = 4 * 1024 * 1024

/** What Alertmanager's webhook sends, version 4: the part that the inbox shows. */
interface WebhookMessage {
  readonly receiver?: unknown
  readonly status?: unknown
  readonly groupLabels?: unknown
  readonly alerts?: unknown
}

/** The receiver of the built-in Alertmanager configuration: keeps the newest notifications for the pages. */
export class Inbox {
  #messages: InboxMessage[] = []

  /** Newest first. */
  get messages(): readonly InboxMessage[] {
    return this.#messages
  }

  /** @throws Error naming what is wrong with the message */
  receive(body: string, nowMs: number): void {
    const message = JSON.parse(body) as WebhookMessage
    if (typeof message !== 'object' || message === null || !Array.isArray(message.alerts))
      throw new Error('not a webhook message of version 4: "alerts" is not a list')
    const received: InboxMessage = {
      receivedAt: new Date(nowMs).toISOString(),
      receiver: String(message.receiver ?? ''),
      status: message.status === 'resolved' ? 'resolved' : 'firing',
      groupLabels: stringMap(message.groupLabels),
      alerts: message.alerts.map((alert: Record<string, unknown>) => ({
        status: alert['status'] === 'resolved' ? 'resolved' : 'firing',
        labels: stringMap(alert['labels']),
        annotations: stringMap(alert['annotations']),
        startsAt: String(alert['startsAt'] ?? ''),
        endsAt: String(alert['endsAt'] ?? ''),
      })),
    }
    this.#messages = [received, ...this.#messages].slice(0, MESSAGES_MAX)
  }
}

function stringMap(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
}
