import { useState, type ReactNode } from 'react'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { Fault } from './list-card.tsx'
import { useWork } from './use-list.ts'

/** Where nobody has a password yet: the administrator's is chosen, which opens the server to logins from elsewhere. */
export function FirstPassword(): ReactNode {
  const work = useWork()
  const [password, setPassword] = useState('')
  return (
    <form
      className="notice warn"
      onSubmit={(event) => {
        event.preventDefault()
        void work
          .run(() => grafana('api/login/setup', { method: 'POST', body: { password } }))
          .then((isDone) => isDone && window.location.reload())
      }}
    >
      <div className="stack" style={{ gap: 'var(--space-2)' }}>
        <div>
          <strong>Nobody has a password yet.</strong> Everybody on this machine is the administrator, nobody
          else comes in. Choose the password of <code>admin</code>, and people sign in from then on.
        </div>
        <div className="row">
          <input
            className="field"
            type="password"
            required
            autoComplete="new-password"
            aria-label="Password of the administrator"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button className="button primary" disabled={work.isBusy}>
            Set the password
          </button>
        </div>
        <Fault text={work.fault} />
      </div>
    </form>
  )
}
