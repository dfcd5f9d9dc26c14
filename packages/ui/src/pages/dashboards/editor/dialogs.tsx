import type { Choices, JsonObject, OpenedDashboard, PlacedPanel, RawRange } from '@promontory/panels'
import { useEffect, useRef, type ReactNode } from 'react'
import type { DialogName } from '../dashboard-screen.tsx'
import type { DashboardMeta } from '../data/grafana-api.ts'
import { DASHBOARD_KEYS } from '../view/use-dashboard-keys.ts'
import type { PanelData } from '../view/use-panel-data.ts'
import { Inspect } from './inspect.tsx'
import { JsonForm } from './json-form.tsx'
import { SaveForm } from './save-form.tsx'
import { SettingsForm } from './settings-form.tsx'
import { Versions } from './versions.tsx'

export interface DialogInput {
  readonly name: DialogName | undefined
  readonly inspected: { readonly placed: PlacedPanel; readonly data: PanelData } | undefined
  readonly opened: OpenedDashboard
  readonly model: JsonObject
  readonly meta: DashboardMeta
  readonly isNew: boolean
  readonly current: { readonly raw: RawRange; readonly choices: Choices }
  readonly onModel: (model: JsonObject) => void
  readonly onSaved: (path: string) => void
  readonly onReload: () => void
  readonly onClose: () => void
}

/** The dialogs of a dashboard: save, JSON, versions, settings, keys, and a panel's inspection. */
export function DashboardDialogs(input: DialogInput): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    // It would be the button that closes.
    dialog.current?.querySelector<HTMLElement>('form input, form textarea')?.focus()
  }, [])
  const title =
    input.inspected !== undefined
      ? `Inspect: ${input.inspected.placed.panel.title}`
      : TITLES[input.name ?? 'keys']
  return (
    <dialog
      ref={dialog}
      className={`sheet${input.name === 'save' ? '' : ' broad'}`}
      aria-labelledby="dialog-title"
      onClose={input.onClose}
    >
      <div className="stack">
        <div className="row">
          <h2 id="dialog-title" style={{ flex: 1 }}>
            {title}
          </h2>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        {input.inspected !== undefined ? <Inspect data={input.inspected.data} /> : null}
        {input.name === 'save' ? <SaveForm {...input} /> : null}
        {input.name === 'json' ? <JsonForm {...input} /> : null}
        {input.name === 'versions' ? <Versions {...input} /> : null}
        {input.name === 'settings' ? <SettingsForm model={input.model} onModel={input.onModel} /> : null}
        {input.name === 'keys' ? (
          <dl className="facts">
            {DASHBOARD_KEYS.map(([keys, what]) => (
              <div key={keys} style={{ display: 'contents' }}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        ) : null}
      </div>
    </dialog>
  )
}

const TITLES: Readonly<Record<DialogName, string>> = {
  save: 'Save the dashboard',
  json: 'JSON',
  versions: 'Versions',
  settings: 'Settings',
  keys: 'Keys of dashboards',
}
