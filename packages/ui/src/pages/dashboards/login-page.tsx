import { useState, type ReactNode } from 'react'
import { useSearchParams } from 'wouter'
import { routePrefix } from '../../data/prefix.ts'
import { grafana } from './data/grafana-api.ts'

/** `/login`: name and password. */
export function LoginPage(): ReactNode {
  const [parameters] = useSearchParams()
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [fault, setFault] = useState('')
  const enter = (): void => {
    grafana('login', { method: 'POST', body: { user, password } }).then(
      () => {
        const to = parameters.get('to') ?? '/dashboards'
        // Only pages of this server: an address such as //elsewhere is none.
        window.location.assign(routePrefix() + (/^\/(?![/\\])/.test(to) ? to : '/dashboards'))
      },
      (error: Error) => setFault(error.message),
    )
  }
  return (
    <form
      className="card card-body stack edit-options"
      style={{ maxWidth: '22rem', margin: '10vh auto' }}
      onSubmit={(event) => {
        event.preventDefault()
        enter()
      }}
    >
      <h1>Sign in</h1>
      <label>
        Name
        <input
          className="field"
          autoFocus
          required
          autoComplete="username"
          value={user}
          onChange={(event) => setUser(event.target.value)}
        />
      </label>
      <label>
        Password
        <input
          className="field"
          type="password"
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </label>
      {fault === '' ? null : (
        <p role="alert" className="notice bad">
          {fault}
        </p>
      )}
      <button className="button primary">Sign in</button>
    </form>
  )
}
