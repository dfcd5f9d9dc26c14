import { useEffect, useState, type ReactNode } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { Panel } from './panel.tsx'
import { emptyPanel, panelsFromSearch, searchFromPanels, type PanelState } from './panel-url.ts'

/** Expressions with their graph or table. The panels stand in the address, in Prometheus's form, so links can be shared. */
export function QueryPage(): ReactNode {
  const [panels, setPanels] = useState<readonly PanelState[]>(() => panelsFromSearch(window.location.search))
  useEffect(() => {
    window.history.replaceState(null, '', `${window.location.pathname}${searchFromPanels(panels)}`)
  }, [panels])
  const change = (index: number, next: PanelState): void =>
    setPanels(panels.map((panel, i) => (i === index ? next : panel)))
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Query</h1>
        <button type="button" className="button" onClick={() => setPanels([...panels, emptyPanel()])}>
          <Icon name="plus" size={16} /> Add a panel
        </button>
      </div>
      <div className="stack">
        {panels.map((panel, index) => (
          <Panel
            key={panel.key}
            index={index}
            state={panel}
            onChange={(next) => change(index, next)}
            {...(panels.length > 1
              ? { onRemove: () => setPanels(panels.filter((_, i) => i !== index)) }
              : {})}
          />
        ))}
      </div>
    </>
  )
}
