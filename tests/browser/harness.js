// Small handles on the running application, installed in every page before its own scripts.
// JupyterLab and Notebook 7 both put their application object into `window.jupyterapp`.
window.harness = {
  runs: [],

  panel() {
    const shell = window.jupyterapp && window.jupyterapp.shell;
    if (!shell) return null;
    const isNotebook = (one) => one && one.sessionContext && one.content && one.content.widgets;
    if (isNotebook(shell.currentWidget)) return shell.currentWidget;
    for (const one of shell.widgets('main')) if (isNotebook(one)) return one;
    return null;
  },

  kernel() {
    const panel = this.panel();
    const session = panel && panel.sessionContext.session;
    return (session && session.kernel) || null;
  },

  loaded() {
    const panel = this.panel();
    return Boolean(panel && panel.context.isReady && panel.content.model && panel.content.widgets.length);
  },

  connected() {
    const kernel = this.kernel();
    return this.loaded() && Boolean(kernel) && kernel.connectionStatus === 'connected'
      && ['idle', 'busy'].includes(kernel.status);
  },

  idle() {
    return this.connected() && this.kernel().status === 'idle';
  },

  // What a person would want to know when a wait came to nothing.
  report() {
    const dialog = document.querySelector('.jp-Dialog');
    const kernel = this.kernel();
    const panel = this.panel();
    return {
      url: location.href,
      dialog: dialog ? dialog.innerText : null,
      kernel: kernel ? `${kernel.name} ${kernel.status} ${kernel.connectionStatus}` : null,
      cells: panel && panel.content.widgets.map((cell) => cell.node.innerText.slice(0, 300)),
    };
  },

  // Make a cell the active one, and attach and scroll to it wherever it is.
  async select(index) {
    const content = this.panel().content;
    content.deselectAll();
    content.activeCellIndex = index;
    await content.scrollToItem(index, 'smart');
    await content.widgets[index].ready;
  },

  // Follow a promise from outside: the answer names an entry of `runs`. (Waiting for the promise
  // in the call itself would have no deadline: a question on the page can hold it up for ever.)
  start(promise) {
    const run = { done: false, failure: null };
    Promise.resolve(promise).then(
      () => { run.done = true; },
      (reason) => { run.done = true; run.failure = String(reason); },
    );
    return this.runs.push(run) - 1;
  },

  // Run a cell, selected before, as its Run button does.
  run(index) {
    this.panel().content.activeCellIndex = index;
    return this.start(window.jupyterapp.commands.execute('notebook:run-cell'));
  },

  // Watch a cell that the keyboard is about to run.
  watch(index) {
    const model = this.panel().content.widgets[index].model;
    const run = { done: false, failure: null };
    let seen = false;
    const look = () => {
      if (model.executionState === 'running') seen = true;
      else if (seen) {
        run.done = true;
        model.stateChanged.disconnect(look);
      }
    };
    model.stateChanged.connect(look);
    return this.runs.push(run) - 1;
  },

  outputs(index) {
    return this.panel().content.widgets[index].model.outputs.toJSON();
  },

  // Whether no live widget stands in the outputs of these cells, or of any when none is named.
  isStatic(cells) {
    const all = this.panel().content.widgets.map((cell, index) => index);
    const live = 'application/vnd.jupyter.widget-view+json';
    return (cells.length ? cells : all)
      .filter((index) => this.panel().content.widgets[index].model.type === 'code')
      .every((index) => this.outputs(index).every((one) => !(live in (one.data || {}))));
  },

  trusted() {
    const code = this.panel().content.widgets.filter((cell) => cell.model.type === 'code');
    return code.every((cell) => cell.model.trusted);
  },

  setSource(index, source) {
    this.panel().content.model.sharedModel.getCell(index).setSource(source);
  },

  appendCode(source) {
    const shared = this.panel().content.model.sharedModel;
    shared.insertCell(shared.cells.length, { cell_type: 'code', source, metadata: { trusted: true } });
    return shared.cells.length - 1;
  },

  video(element) {
    return {
      readyState: element.readyState,
      videoWidth: element.videoWidth,
      videoHeight: element.videoHeight,
      duration: Number.isFinite(element.duration) ? element.duration : null,
      currentTime: element.currentTime,
      paused: element.paused,
      muted: element.muted,
      audioBytes: element.webkitAudioDecodedByteCount,
      src: element.currentSrc,
      error: element.error && `${element.error.code} ${element.error.message}`,
    };
  },
};
