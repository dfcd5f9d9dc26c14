import type { ReactNode } from 'react'

export type Tone = 'good' | 'warn' | 'bad' | 'neutral'

/** A state in one word. Shape and text carry it as well as colour. */
export function Badge({
  tone,
  children,
  plain = false,
}: {
  tone: Tone
  children: ReactNode
  plain?: boolean
}): ReactNode {
  return <span className={`badge ${tone === 'neutral' ? '' : tone} ${plain ? 'plain' : ''}`}>{children}</span>
}

/** Tone of a target's or rule's health, or of an alert's state. */
export function toneOf(state: string): Tone {
  if (state === 'up' || state === 'ok' || state === 'inactive' || state === 'resolved') return 'good'
  if (state === 'pending') return 'warn'
  if (state === 'down' || state === 'err' || state === 'firing') return 'bad'
  return 'neutral'
}
