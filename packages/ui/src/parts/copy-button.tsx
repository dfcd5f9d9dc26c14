import { useState, type ReactNode } from 'react'

const SHOWN_MS = 2000

/** Copies a text, and says whether that worked: browsers refuse it on plain HTTP from afar. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }): ReactNode {
  const [said, setSaid] = useState<string>()
  const say = (what: string): void => {
    setSaid(what)
    setTimeout(() => setSaid(undefined), SHOWN_MS)
  }
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      say('Copied')
    } catch {
      say('Select and copy by hand')
    }
  }
  return (
    <button type="button" className="button" aria-live="polite" onClick={() => void copy()}>
      {said ?? label}
    </button>
  )
}
