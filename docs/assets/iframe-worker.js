// Browsers refuse workers on pages that are opened from disk (file://). There, this class stands in
// for Worker: it runs the script in a hidden frame and passes messages, so that search works.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const element = document.createElement("iframe")
      element.hidden = true
      document.body.appendChild(element)
      const frame = (this.frame = element.contentWindow)
      frame.postMessage = data => setTimeout(() => {
        this.dispatchEvent(new MessageEvent("message", { data }))
      })
      frame.importScripts = (...urls) => Promise.all(urls.map(one => new Promise((done, failed) => {
        const script = frame.document.createElement("script")
        script.src = one
        script.onload = done
        script.onerror = failed
        frame.document.body.appendChild(script)
      })))
      this.ready = frame.importScripts(url)
    }

    postMessage(data) {
      this.ready.then(() => {
        this.frame.dispatchEvent(new this.frame.MessageEvent("message", { data }))
      })
    }

    terminate() {}
  }
}
