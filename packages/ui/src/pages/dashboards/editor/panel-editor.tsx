import { fieldDisplayName, objectOf, objectsOf, upgradePanel, without, type Frame, type JsonObject, type PlacedPanel } from '@promontory/panels' // prettier-ignore
import { useMemo, useRef, type ReactNode } from 'react'
import { setAt } from '../data/edits.ts'
import { needsQueries } from '../panels/panel-kinds.tsx'
import { useSize } from '../panels/panel-props.tsx'
import { PanelFrame, type PanelActions } from '../view/panel-frame.tsx'
import { usePanelData } from '../view/use-panel-data.ts'
import { JsonPart } from './json-part.tsx'
import { FieldNames, OfferedLists } from './option-controls.tsx'
import { PanelOptions } from './panel-options.tsx'
import { QueryRows } from './query-rows.tsx'
import { MIXED } from './source-picker.tsx'
import { TransformationsForm } from './transformations-form.tsx'

/** A panel with its queries and options beside it; every change is drawn at once. */
export function PanelEditor({
  placed,
  actions,
  onChange,
  onClose,
  onSave,
}: {
  placed: PlacedPanel
  actions: PanelActions
  onChange: (panel: JsonObject) => void
  onClose: () => void
  onSave: () => void
}): ReactNode {
  const { json, type } = placed.panel
  const preview = useRef<HTMLDivElement>(null)
  const names = useFieldNames(placed, useSize(preview).width)
  const set = (path: readonly (string | number)[], value: unknown): void => onChange(setAt(json, path, value))
  return (
    <FieldNames value={names}>
      <OfferedLists />
      <div className="edit-layout" data-editor>
        <div className="stack">
          <div ref={preview} className="preview">
            <PanelFrame placed={placed} actions={actions} isAlone />
          </div>
          {needsQueries(type) ? (
            <>
              <QueryRows
                json={json}
                onChange={(targets) => set(['targets'], targets)}
                onSource={(datasource) => onChange(withSource(json, datasource))}
              />
              <TransformationsForm
                value={json['transformations']}
                onChange={(next) => set(['transformations'], next)}
              />
            </>
          ) : null}
          <JsonPart
            title="Panel (JSON)"
            value={json}
            onChange={(value) => onChange(upgradePanel(objectOf(value)))}
          />
        </div>
        <form className="edit-options card card-body" onSubmit={(event) => event.preventDefault()}>
          <div className="row">
            <button type="button" className="button" onClick={onClose}>
              Back
            </button>
            <button type="button" className="button primary" onClick={onSave}>
              Save
            </button>
          </div>
          <PanelOptions json={json} onChange={onChange} />
        </form>
      </div>
    </FieldNames>
  )
}

/** The panel with another source, which Grafana writes into each query as well; of mixed ones each keeps its own. */
function withSource(json: JsonObject, datasource: JsonObject | undefined): JsonObject {
  const { datasource: _, ...rest } = json
  if (datasource === undefined) {
    const targets = objectsOf(json['targets']).map((target) => without(target, 'datasource'))
    return { ...rest, targets }
  }
  if (datasource['uid'] === MIXED) return { ...rest, datasource }
  return {
    ...rest,
    datasource,
    targets: objectsOf(json['targets']).map((target) => ({ ...target, datasource })),
  }
}

/** Names of the panel's fields as they come, and as they are after its transformations. */
function useFieldNames(placed: PlacedPanel, widthPx: number): readonly string[] {
  const plain = useMemo(
    (): PlacedPanel => ({
      ...placed,
      panel: { ...placed.panel, transformations: [], fieldConfig: {} },
    }),
    [placed],
  )
  // The same questions as the preview's: their answer is shared.
  const raw = usePanelData(plain, widthPx > 0, widthPx).frames
  const shown = usePanelData(placed, widthPx > 0, widthPx).frames
  return useMemo(() => [...new Set([...namesOf(raw), ...namesOf(shown)])], [raw, shown])
}

function namesOf(frames: readonly Frame[]): readonly string[] {
  return frames.flatMap((frame) => frame.fields.map((field) => fieldDisplayName(field, frame, frames)))
}
