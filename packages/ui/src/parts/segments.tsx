import type { ReactNode } from 'react'

/** A row of choices of which one is pressed. */
export function Segments<T extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string
  choices: readonly (readonly [T, ReactNode])[]
  value: T
  onChange: (value: T) => void
}): ReactNode {
  return (
    <div className="segments" role="group" aria-label={label}>
      {choices.map(([choice, text]) => (
        <button key={choice} type="button" aria-pressed={choice === value} onClick={() => onChange(choice)}>
          {text}
        </button>
      ))}
    </div>
  )
}
