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
  /**
   * Waits until nobody else is telling this group to this integration. Undefined when the others cannot be asked: then
   * each tells on its own, a duplicate rather than silence. Never rejects.
   */
  take(groupKey: string, integration: string, signal: AbortSignal): Promise<Turn | undefined>
}
