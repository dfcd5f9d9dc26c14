/** The web application is built by Vite into `dist/`; nothing imports it. */
export const UI_ENTRY = 'index.html'
