"use strict";(self.rspackChunkmldocker_lab=self.rspackChunkmldocker_lab||[]).push([["style_index_js"],{"./node_modules/css-loader/dist/cjs.js!./style/base.css"(e,o,r){var t=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),l=r.n(t),a=r("./node_modules/css-loader/dist/runtime/api.js"),i=(r.n(a))()(l());i.push([e.id,`/* Only JupyterLab's own colours, so that every theme fits. */
.mldockerlab-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
  min-width: 240px;
  overflow-y: auto;
  padding: 0 12px 24px;
}

.mldockerlab-panel h1 {
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  margin: 12px 0 4px;
}

.mldockerlab-panel h2 {
  border-bottom: 1px solid var(--jp-border-color2);
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  margin: 16px 0 4px;
}

.mldockerlab-panel p {
  margin: 4px 0;
  overflow-wrap: anywhere;
}

.mldockerlab-panel progress {
  accent-color: var(--jp-brand-color1);
  display: block;
  height: 8px;
  width: 100%;
}

.mldockerlab-head button {
  height: auto;
  line-height: 1.3;
  margin: 8px 0 0;
  max-width: 100%;
  padding: 6px 12px;
  white-space: normal;
}

.mldockerlab-panel button.jp-mod-styled {
  height: auto;
  line-height: 1.3;
  margin-left: 0;
  min-height: 26px;
  padding: 4px 10px;
}

.mldockerlab-panel button:disabled {
  cursor: default;
  opacity: 0.5;
}

.mldockerlab-panel button:focus-visible,
.mldockerlab-statusbutton:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.mldockerlab-list,
.mldockerlab-checks {
  list-style: none;
  margin: 0;
  padding: 0;
}

.mldockerlab-list > li {
  border-bottom: 1px solid var(--jp-border-color3);
}

.mldockerlab-row {
  align-items: center;
  display: flex;
  gap: 4px;
}

.mldockerlab-fold {
  align-items: baseline;
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  display: flex;
  flex: 1;
  font: inherit;
  gap: 6px;
  min-width: 0;
  padding: 6px 2px;
  text-align: left;
}

.mldockerlab-fold:hover {
  background: var(--jp-layout-color2);
}

.mldockerlab-title {
  flex: 1;
}

.mldockerlab-side {
  font-size: var(--jp-ui-font-size0);
  text-align: right;
}

.mldockerlab-mark {
  display: inline-block;
  margin-right: 4px;
  min-width: 1em;
  text-align: center;
}

.mldockerlab-small {
  background: var(--jp-layout-color2);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: inherit;
  cursor: pointer;
  font: inherit;
  font-size: var(--jp-ui-font-size0);
  padding: 2px 6px;
}

.mldockerlab-small:hover:enabled {
  background: var(--jp-layout-color3);
}

.mldockerlab-link {
  background: none;
  border: 0;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  margin-right: 8px;
  padding: 2px;
  text-decoration: underline;
}

.mldockerlab-body {
  padding: 2px 4px 10px 22px;
}

.mldockerlab-checks > li {
  border-left: 3px solid var(--jp-border-color2);
  margin: 8px 0;
  padding-left: 8px;
}

.mldockerlab-checks > li[data-status='passed'] {
  border-color: var(--jp-success-color1);
}

.mldockerlab-checks > li[data-status='failed'],
.mldockerlab-checks > li[data-status='error'] {
  border-color: var(--jp-error-color1);
}

.mldockerlab-buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin: 6px 0;
}

.mldockerlab-quiet {
  font-size: var(--jp-ui-font-size0);
}

.mldockerlab-hints {
  margin: 4px 0;
  padding-left: 20px;
}

.mldockerlab-running {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  margin: 10px 0;
  max-height: 40vh;
  overflow-y: auto;
  padding: 8px;
  position: sticky;
  top: 0;
  z-index: 1;
}

.mldockerlab-note,
.mldockerlab-trouble {
  border-left: 3px solid var(--jp-info-color1);
  padding: 4px 8px;
  white-space: pre-line;
}

.mldockerlab-trouble {
  border-color: var(--jp-error-color1);
}

.mldockerlab-panel dl {
  margin: 4px 0;
}

.mldockerlab-panel dt {
  font-size: var(--jp-ui-font-size0);
  margin-top: 6px;
}

.mldockerlab-panel dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.mldockerlab-badge {
  border: 1px solid var(--jp-border-color1);
  border-radius: 8px;
  padding: 0 8px;
}

.mldockerlab-preview ul {
  max-height: 220px;
  overflow-y: auto;
  padding-left: 20px;
}

.mldockerlab-statusbutton {
  align-items: center;
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  display: flex;
  font: inherit;
  gap: 4px;
  height: 100%;
  padding: 0 4px;
}

.mldockerlab-status {
  align-items: center;
  display: flex;
}

.mldockerlab-unseen {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
}

/* The editor's hints: CodeMirror's own colours fit light themes only. */
.cm-editor .cm-tooltip:has(.mldockerlab-tip) {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  max-width: 520px;
}

.mldockerlab-tip {
  line-height: 1.4;
  padding: 4px 8px;
  white-space: normal;
}

.mldockerlab-tip p {
  margin: 4px 0;
}

.mldockerlab-tip code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.cm-editor .cm-panel.cm-panel-lint,
.cm-editor .cm-panel.cm-panel-lint ul [aria-selected] {
  background: var(--jp-layout-color2);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
}

.cm-editor .cm-panel.cm-panel-lint ul {
  max-height: 220px;
}

.cm-editor .cm-panel.cm-panel-lint ul:focus [aria-selected] {
  background: var(--jp-layout-color3);
  color: var(--jp-ui-font-color1);
}

.mldockerlab-tour {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color0);
  bottom: 48px;
  box-shadow: var(--jp-elevation-z6);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  left: 50%;
  line-height: 1.5;
  max-width: 420px;
  padding: 12px 16px;
  position: fixed;
  transform: translateX(-50%);
  z-index: 10000;
}

.mldockerlab-tour h2 {
  font-size: var(--jp-ui-font-size2);
  margin: 0 0 4px;
}

.mldockerlab-pointed {
  outline: 3px solid var(--jp-brand-color1);
  outline-offset: -3px;
}

/* Two Dockerfiles side by side. */
.mldockerlab-sides {
  height: 100%;
}

.mldockerlab-sides form {
  align-items: center;
}

.mldockerlab-panel select,
.mldockerlab-sides input {
  background: var(--jp-layout-color1);
  border: 1px solid var(--jp-border-color1);
  color: inherit;
  font: inherit;
  padding: 3px;
}

.mldockerlab-says {
  min-height: 1.4em;
}

.mldockerlab-sides table {
  border-collapse: collapse;
  margin: 12px 0;
  table-layout: fixed;
  width: 100%;
}

.mldockerlab-sides caption {
  font-weight: 600;
  padding: 4px 0;
  text-align: left;
}

.mldockerlab-sides th,
.mldockerlab-sides td {
  border-bottom: 1px solid var(--jp-border-color2);
  padding: 3px 6px;
  text-align: left;
  vertical-align: top;
}

.mldockerlab-sides code {
  background: none;
  color: inherit;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

.mldockerlab-diff th:nth-child(2),
.mldockerlab-diff td:nth-child(2) {
  font-weight: 600;
  position: relative;
  text-align: center;
  width: 20px;
}

.mldockerlab-diff [data-diff='changed'],
.mldockerlab-diff [data-diff='removed'] td:first-child,
.mldockerlab-diff [data-diff='added'] td:last-child {
  background: var(--jp-layout-color2);
}

.mldockerlab-number {
  display: inline-block;
  font-size: var(--jp-ui-font-size0);
  margin-right: 6px;
  min-width: 2em;
  text-align: right;
}

.mldockerlab-step {
  display: grid;
  gap: 0 6px;
  grid-template-columns: 1.2em 1fr auto;
}

.mldockerlab-step[data-state='running'] {
  outline: 2px solid var(--jp-brand-color1);
}

.mldockerlab-bar {
  background: var(--jp-brand-color1);
  grid-column: 1 / -1;
  height: 6px;
  margin-top: 2px;
}

.mldockerlab-step[data-state='cached'] .mldockerlab-bar {
  background: none;
  border: 1px solid var(--jp-brand-color1);
  box-sizing: border-box;
}

.mldockerlab-sides tfoot td {
  border-bottom: 0;
  font-weight: 600;
}

.mldockerlab-sides img {
  height: auto;
  max-width: 100%;
}

.mldockerlab-small[aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  font-weight: 600;
}

.mldockerlab-sides a.mldockerlab-link {
  color: var(--jp-content-link-color);
  text-decoration: underline;
}
`,""]),r.d(o,{},{A:i})},"./node_modules/css-loader/dist/runtime/api.js"(e){e.exports=function(e){var o=[];return o.toString=function(){return this.map(function(o){var r="",t=void 0!==o[5];return o[4]&&(r+="@supports (".concat(o[4],") {")),o[2]&&(r+="@media ".concat(o[2]," {")),t&&(r+="@layer".concat(o[5].length>0?" ".concat(o[5]):""," {")),r+=e(o),t&&(r+="}"),o[2]&&(r+="}"),o[4]&&(r+="}"),r}).join("")},o.i=function(e,r,t,l,a){"string"==typeof e&&(e=[[null,e,void 0]]);var i={};if(t)for(var n=0;n<this.length;n++){var d=this[n][0];null!=d&&(i[d]=!0)}for(var s=0;s<e.length;s++){var c=[].concat(e[s]);t&&i[c[0]]||(void 0!==a&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=a),r&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=r),l&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=l):c[4]="".concat(l)),o.push(c))}},o}},"./node_modules/css-loader/dist/runtime/noSourceMaps.js"(e){e.exports=function(e){return e[1]}},"./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"(e){var o=[];function r(e){for(var r=-1,t=0;t<o.length;t++)if(o[t].identifier===e){r=t;break}return r}function t(e,t){for(var l={},a=[],i=0;i<e.length;i++){var n=e[i],d=t.base?n[0]+t.base:n[0],s=l[d]||0,c="".concat(d," ").concat(s);l[d]=s+1;var p=r(c),m={css:n[1],media:n[2],sourceMap:n[3],supports:n[4],layer:n[5]};if(-1!==p)o[p].references++,o[p].updater(m);else{var u=function(e,o){var r=o.domAPI(o);return r.update(e),function(o){o?(o.css!==e.css||o.media!==e.media||o.sourceMap!==e.sourceMap||o.supports!==e.supports||o.layer!==e.layer)&&r.update(e=o):r.remove()}}(m,t);t.byIndex=i,o.splice(i,0,{identifier:c,updater:u,references:1})}a.push(c)}return a}e.exports=function(e,l){var a=t(e=e||[],l=l||{});return function(e){e=e||[];for(var i=0;i<a.length;i++){var n=r(a[i]);o[n].references--}for(var d=t(e,l),s=0;s<a.length;s++){var c=r(a[s]);0===o[c].references&&(o[c].updater(),o.splice(c,1))}a=d}}},"./node_modules/style-loader/dist/runtime/insertBySelector.js"(e){var o={};e.exports=function(e,r){var t=function(e){if(void 0===o[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}o[e]=r}return o[e]}(e);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(r)}},"./node_modules/style-loader/dist/runtime/insertStyleElement.js"(e){e.exports=function(e){var o=document.createElement("style");return e.setAttributes(o,e.attributes),e.insert(o,e.options),o}},"./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"(e,o,r){e.exports=function(e){var o=r.nc;o&&e.setAttribute("nonce",o)}},"./node_modules/style-loader/dist/runtime/styleDomAPI.js"(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var o=e.insertStyleElement(e);return{update:function(r){var t,l,a;t="",r.supports&&(t+="@supports (".concat(r.supports,") {")),r.media&&(t+="@media ".concat(r.media," {")),(l=void 0!==r.layer)&&(t+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),t+=r.css,l&&(t+="}"),r.media&&(t+="}"),r.supports&&(t+="}"),(a=r.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),e.styleTagTransform(t,o,e.options)},remove:function(){var e;null===(e=o).parentNode||e.parentNode.removeChild(e)}}}},"./node_modules/style-loader/dist/runtime/styleTagTransform.js"(e){e.exports=function(e,o){if(o.styleSheet)o.styleSheet.cssText=e;else{for(;o.firstChild;)o.removeChild(o.firstChild);o.appendChild(document.createTextNode(e))}}},"./style/index.js"(e,o,r){var t=r("./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"),l=r.n(t),a=r("./node_modules/style-loader/dist/runtime/styleDomAPI.js"),i=r.n(a),n=r("./node_modules/style-loader/dist/runtime/insertBySelector.js"),d=r.n(n),s=r("./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"),c=r.n(s),p=r("./node_modules/style-loader/dist/runtime/insertStyleElement.js"),m=r.n(p),u=r("./node_modules/style-loader/dist/runtime/styleTagTransform.js"),b=r.n(u),f=r("./node_modules/css-loader/dist/cjs.js!./style/base.css"),h={};h.styleTagTransform=b(),h.setAttributes=c(),h.insert=d().bind(null,"head"),h.domAPI=i(),h.insertStyleElement=m(),l()(f.A,h),f.A&&f.A.locals&&f.A.locals}}]);