import { useEffect, useState, type ComponentType, type ReactNode } from 'react'

/** A component whose code comes when it is first drawn, or asked for before. */
export type Loaded<P> = ComponentType<P> & {
  /** Fetches the code; nothing happens when it is there. */
  readonly preload: () => Promise<unknown>
}

/**
 * As React's `lazy`, but what was loaded is drawn at once: React holds content back for 300 ms after a placeholder has
 * been shown. Code that does not come is an error of the component.
 */
export function loaded<P extends object>(
  load: () => Promise<ComponentType<P>>,
  placeholder: ReactNode = null,
): Loaded<P> {
  let component: ComponentType<P> | undefined
  let loading: Promise<unknown> | undefined
  const preload = (): Promise<unknown> =>
    (loading ??= load().then(
      (found) => (component = found),
      (error: unknown) => {
        // The next one that needs it tries again.
        loading = undefined
        throw error
      },
    ))
  function LoadedComponent(props: P): ReactNode {
    const [failure, setFailure] = useState<{ readonly error: unknown } | undefined>(undefined)
    const [, setIsThere] = useState(component !== undefined)
    useEffect(() => {
      if (component !== undefined) return setIsThere(true)
      let isMounted = true
      preload().then(
        () => isMounted && setIsThere(true),
        (error: unknown) => isMounted && setFailure({ error }),
      )
      return () => {
        isMounted = false
      }
    }, [])
    if (failure !== undefined) throw failure.error
    const Component = component
    return Component === undefined ? placeholder : <Component {...props} />
  }
  return Object.assign(LoadedComponent, { preload })
}
