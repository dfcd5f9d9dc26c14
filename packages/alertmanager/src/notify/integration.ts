import type { Notification } from '../template/notification-data.ts'
import type { Renderer } from '../template/notification-templates.ts'

/** Why deliveries fail, as metrics label it. */
export const FAILURE_REASONS = [
  'other',
  'clientError',
  'serverError',
  'contextCanceled',
  'contextDeadlineExceeded',
  'authError',
  'rateLimited',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** A delivery that failed. `retry` says whether trying again may help. */
export class NotifyError extends Error {
  override readonly name = 'NotifyError'
  readonly retry: boolean
  readonly reason: FailureReason
  constructor(message: string, options: { retry: boolean; reason?: FailureReason; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.retry = options.retry
    this.reason = options.reason ?? 'other'
  }
}

/** A message as it would leave: without address and credentials, which are secrets. */
export interface PreviewedRequest {
  /** `POST https://host`, or `SMTP host:port`. */
  readonly to: string
  readonly contentType: string
  readonly body: string
}

/** One delivery: what to tell, and the texts' renderer. */
export interface Delivery {
  readonly notification: Notification
  readonly renderer: Renderer
  readonly signal: AbortSignal
  /** What the receiver kept after the last delivery to this group; changes are kept with the notification log. */
  readonly data: Map<string, string>
  /** Takes the message in place of the receiver: nothing is sent. */
  readonly preview?: (request: PreviewedRequest) => void
}

/** One way out of a receiver, e.g. its second webhook. */
export interface Integration {
  /** `webhook`, `email`, … as metrics label it. */
  readonly kind: string
  /** Position among the receiver's integrations of its kind. */
  readonly index: number
  readonly sendResolved: boolean
  /** Rejects with NotifyError or TemplateError. */
  notify(delivery: Delivery): Promise<void>
  close(): Promise<void>
}
