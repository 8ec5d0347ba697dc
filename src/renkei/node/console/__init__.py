"""The officers' console: server-rendered pages, whole without JavaScript, Japanese first."""
