import { at, objectOf, textOf, type JsonObject } from '@promontory/panels'
import type { ReactNode } from 'react'
import { setAt } from '../data/edits.ts'
import { needsQueries, PANEL_KINDS } from '../panels/panel-kinds.tsx'
import { useDashboard } from '../view/context.ts'
import { FIELD_OPTIONS, KIND_OPTIONS, QUERY_OPTIONS } from './kind-options.ts'
import { LinksForm } from './links-form.tsx'
import { MappingsForm } from './mappings-form.tsx'
import { ChoiceControl, FlagControl, TextControl } from './option-controls.tsx'
import { OptionFields } from './option-fields.tsx'
import { colorFields } from './override-properties.ts'
import { OverridesForm } from './overrides-form.tsx'
import { ThresholdsForm } from './thresholds-form.tsx'

const DEFAULTS = ['fieldConfig', 'defaults'] as const

/** A panel's options by idea, the most used ones open. */
export function PanelOptions({
  json,
  onChange,
}: {
  json: JsonObject
  onChange: (json: JsonObject) => void
}): ReactNode {
  const set = (path: readonly (string | number)[], value: unknown): void => onChange(setAt(json, path, value))
  const type = textOf(json['type']) ?? ''
  const ofKind = KIND_OPTIONS[type] ?? []
  const name = PANEL_KINDS.find(([id]) => id === type)?.[1] ?? type
  const overrides = at(json, 'fieldConfig', 'overrides')
  return (
    <>
      <PanelFrameOptions json={json} set={set} />
      {ofKind.length === 0 ? null : (
        <OptionGroup title={name} isOpen>
          <OptionFields fields={ofKind} json={json} onChange={onChange} />
          {type === 'text' ? (
            <label>
              Content
              <textarea
                className="code-field"
                value={textOf(at(json, 'options', 'content')) ?? ''}
                onChange={(event) => set(['options', 'content'], event.target.value)}
              />
            </label>
          ) : null}
        </OptionGroup>
      )}
      {needsQueries(type) ? (
        <>
          <OptionGroup title="Values" isOpen>
            <OptionFields fields={FIELD_OPTIONS} json={json} onChange={onChange} />
            <OptionFields fields={colorFields([...DEFAULTS, 'color'])} json={json} onChange={onChange} />
          </OptionGroup>
          <OptionGroup title="Thresholds" isOpen>
            <ThresholdsForm
              value={at(json, ...DEFAULTS, 'thresholds')}
              onChange={(next) => set([...DEFAULTS, 'thresholds'], next)}
            />
          </OptionGroup>
          <OptionGroup title="Value mappings" count={lengthOf(at(json, ...DEFAULTS, 'mappings'))}>
            <MappingsForm
              value={at(json, ...DEFAULTS, 'mappings')}
              onChange={(next) => set([...DEFAULTS, 'mappings'], next)}
            />
          </OptionGroup>
          <OptionGroup title="Data links" count={lengthOf(at(json, ...DEFAULTS, 'links'))}>
            <LinksForm
              legend="Data links"
              value={at(json, ...DEFAULTS, 'links')}
              isOfValues
              onChange={(next) => set([...DEFAULTS, 'links'], next)}
            />
          </OptionGroup>
          <OptionGroup title="Overrides" count={lengthOf(overrides)}>
            <OverridesForm
              value={overrides}
              onChange={(next) =>
                onChange({ ...json, fieldConfig: { ...objectOf(json['fieldConfig']), overrides: next } })
              }
            />
          </OptionGroup>
          <OptionGroup title="Time and steps">
            <OptionFields fields={QUERY_OPTIONS} json={json} onChange={onChange} />
          </OptionGroup>
        </>
      ) : null}
    </>
  )
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0
}

function OptionGroup({
  title,
  count = 0,
  isOpen = false,
  children,
}: {
  title: string
  count?: number
  isOpen?: boolean
  children: ReactNode
}): ReactNode {
  return (
    <details className="option-group" open={isOpen || count > 0}>
      <summary>
        {title}
        {count === 0 ? null : <span className="badge plain">{count}</span>}
      </summary>
      <div className="edit-options">{children}</div>
    </details>
  )
}

function PanelFrameOptions({
  json,
  set,
}: {
  json: JsonObject
  set: (path: readonly (string | number)[], value: unknown) => void
}): ReactNode {
  const { dashboard, isEditable } = useDashboard()
  const variables = dashboard.variables.map(({ name, label }) => [name, label] as const)
  const repeat = textOf(json['repeat']) ?? ''
  if (!isEditable) return null
  return (
    <>
      <TextControl
        label="Title"
        value={textOf(json['title']) ?? ''}
        onChange={(title) => set(['title'], title)}
      />
      <ChoiceControl
        label="Kind"
        value={json['type']}
        choices={PANEL_KINDS}
        onChange={(kind) => set(['type'], kind)}
      />
      <OptionGroup title="About the panel">
        <TextControl
          label="Description"
          value={textOf(json['description']) ?? ''}
          onChange={(text) => set(['description'], text === '' ? undefined : text)}
        />
        <FlagControl
          label="Without a ground"
          value={json['transparent'] === true}
          onChange={(isClear) => set(['transparent'], isClear ? true : undefined)}
        />
        {variables.length === 0 ? null : (
          <>
            <ChoiceControl
              label="Repeat by"
              value={repeat}
              choices={[['', 'Nothing'], ...variables]}
              onChange={(name) => set(['repeat'], name === '' ? undefined : name)}
            />
            {repeat === '' ? null : (
              <ChoiceControl
                label="Repeated"
                value={json['repeatDirection'] ?? 'h'}
                choices={[
                  ['h', 'beside each other'],
                  ['v', 'below each other'],
                ]}
                onChange={(direction) => set(['repeatDirection'], direction)}
              />
            )}
          </>
        )}
        <LinksForm
          legend="Links of the panel"
          value={json['links']}
          isOfValues={false}
          onChange={(links) => set(['links'], links)}
        />
      </OptionGroup>
    </>
  )
}
