import type { Page } from 'playwright-core'

/** What a panel of an open dashboard shows. */
export interface DrawnPanel {
  readonly id: number
  readonly type: string
  readonly state: string
  /** Whether there is a value, a mark, a series or a row. */
  readonly isDrawn: boolean
  readonly text: string
}

/** Panels ask when they come into view: on this page all of them do at once. Before the first page is opened. */
export async function showAllPanels(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.IntersectionObserver = class {
      readonly #tell: (entries: { isIntersecting: boolean }[]) => void
      constructor(tell: (entries: { isIntersecting: boolean }[]) => void) {
        this.#tell = tell
      }
      observe(): void {
        this.#tell([{ isIntersecting: true }])
      }
      disconnect(): void {}
    } as unknown as typeof IntersectionObserver
  })
}

/** Waits until no panel loads any more, at most 15 s, and reads what they have drawn. */
export async function drawnPanels(page: Page): Promise<DrawnPanel[]> {
  await page
    .waitForFunction(
      () => {
        const panels = [...document.querySelectorAll<HTMLElement>('[data-panel]')]
        return panels.every(
          (panel) => panel.dataset['state'] !== 'loading' && panel.querySelector('.panel-wait') === null,
        )
      },
      undefined,
      { timeout: 15_000 },
    )
    .catch(() => undefined)
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-panel]')].map((panel) => {
      const values = [...panel.querySelectorAll('[data-value]')].some((one) => (one.textContent ?? '') !== '')
      const marks =
        panel.querySelector(
          '[data-mark], [data-series]:not([data-series="0"]), canvas[data-marks], tbody tr',
        ) !== null
      return {
        id: Number(panel.dataset['panel']),
        type: panel.dataset['type'] ?? '',
        state: panel.querySelector('[data-broken]') === null ? (panel.dataset['state'] ?? '') : 'broken',
        isDrawn: values || marks,
        text: (panel.textContent ?? '').slice(0, 160),
      }
    }),
  )
}
