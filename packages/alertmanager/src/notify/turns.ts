import type { NotificationEntry } from '../nflog/notification-log.ts'

/** The right to tell one group to one integration. */
export interface Turn {
  /** What was told last, by whichever instance. */
  readonly entry: NotificationEntry | undefined
  /** Lets the others go on. Never rejects. */
  finish(): Promise<void>
}

/** Takes care that of several instances one tells. */
export interface Turns {
  /** Learns what the others were sent and have told. Never rejects. */
  refresh(): Promise<void>
  /**
   * Waits until nobody else is telling this group to this integration, and learns what they were sent. Undefined when the others cannot be asked: then
   * each tells on its own, a duplicate rather than silence. Never rejects.
   */
  take(groupKey: string, integration: string, signal: AbortSignal): Promise<Turn | undefined>
}
