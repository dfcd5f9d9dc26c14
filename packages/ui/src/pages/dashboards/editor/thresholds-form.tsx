import { numberOf, objectOf, objectsOf, textOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { ChoiceControl, ColorControl, NumberControl, RemoveButton } from './option-controls.tsx'

const MODES = [
  ['absolute', 'Values'],
  ['percentage', 'Percent of min to max'],
] as const

/** Thresholds of a panel or an override: a colour from each value on. */
export function ThresholdsForm({
  value,
  onChange,
}: {
  value: unknown
  onChange: (thresholds: JsonObject) => void
}): ReactNode {
  const json = objectOf(value)
  const stored = objectsOf(json['steps'])
  const steps = stored.length > 0 ? stored : [{ color: 'green', value: null }]
  const mode = textOf(json['mode']) ?? 'absolute'
  const set = (next: readonly JsonObject[]): void => onChange({ ...json, mode, steps: next })
  const change = (index: number, next: JsonObject): void =>
    set(steps.map((step, i) => (i === index ? next : step)))
  const highest = numberOf(steps.at(-1)?.['value']) ?? (mode === 'percentage' ? 70 : 0)
  return (
    <fieldset className="plain">
      <legend>Thresholds</legend>
      {steps.map((step, i) => (
        <div key={i} className="row list-row">
          <ColorControl
            label={`Colour of threshold ${i + 1}`}
            value={textOf(step['color']) ?? ''}
            onChange={(color) => change(i, { ...step, color })}
          />
          {i === 0 ? (
            <span className="small soft">base</span>
          ) : (
            <>
              <NumberControl
                label="from"
                value={numberOf(step['value'])}
                onChange={(number) => change(i, { ...step, value: number ?? null })}
              />
              <RemoveButton
                what={`threshold ${i + 1}`}
                onRemove={() => set(steps.filter((_, k) => k !== i))}
              />
            </>
          )}
        </div>
      ))}
      <button
        type="button"
        className="button"
        onClick={() => set([...steps, { color: 'red', value: highest + 10 }])}
      >
        Add a threshold
      </button>
      <ChoiceControl
        label="Thresholds are"
        value={mode}
        choices={MODES}
        onChange={(next) => onChange({ ...json, mode: next, steps })}
      />
    </fieldset>
  )
}
