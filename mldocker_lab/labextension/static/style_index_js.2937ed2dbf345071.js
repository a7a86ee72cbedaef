"use strict";(self.rspackChunkmldocker_lab=self.rspackChunkmldocker_lab||[]).push([["style_index_js"],{"./node_modules/css-loader/dist/cjs.js!./style/base.css"(e,o,r){var t=r("./node_modules/css-loader/dist/runtime/noSourceMaps.js"),n=r.n(t),i=r("./node_modules/css-loader/dist/runtime/api.js"),l=(r.n(i))()(n());l.push([e.id,`/* Only JupyterLab's own colours, so that every theme fits. */
.mldocker-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
  min-width: 240px;
  overflow-y: auto;
  padding: 0 12px 24px;
}

.mldocker-panel h1 {
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  margin: 12px 0 4px;
}

.mldocker-panel h2 {
  border-bottom: 1px solid var(--jp-border-color2);
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
  margin: 16px 0 4px;
}

.mldocker-panel p {
  margin: 4px 0;
  overflow-wrap: anywhere;
}

.mldocker-panel progress {
  accent-color: var(--jp-brand-color1);
  display: block;
  height: 8px;
  width: 100%;
}

.mldocker-head button {
  height: auto;
  line-height: 1.3;
  margin: 8px 0 0;
  max-width: 100%;
  padding: 6px 12px;
  white-space: normal;
}

.mldocker-panel button.jp-mod-styled {
  height: auto;
  line-height: 1.3;
  margin-left: 0;
  min-height: 26px;
  padding: 4px 10px;
}

.mldocker-panel button:disabled {
  cursor: default;
  opacity: 0.5;
}

.mldocker-panel button:focus-visible,
.mldocker-statusbutton:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.mldocker-list,
.mldocker-checks {
  list-style: none;
  margin: 0;
  padding: 0;
}

.mldocker-list > li {
  border-bottom: 1px solid var(--jp-border-color3);
}

.mldocker-row {
  align-items: center;
  display: flex;
  gap: 4px;
}

.mldocker-fold {
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

.mldocker-fold:hover {
  background: var(--jp-layout-color2);
}

.mldocker-title {
  flex: 1;
}

.mldocker-side {
  font-size: var(--jp-ui-font-size0);
  text-align: right;
}

.mldocker-mark {
  display: inline-block;
  margin-right: 4px;
  min-width: 1em;
  text-align: center;
}

.mldocker-small {
  background: var(--jp-layout-color2);
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: inherit;
  cursor: pointer;
  font: inherit;
  font-size: var(--jp-ui-font-size0);
  padding: 2px 6px;
}

.mldocker-small:hover:enabled {
  background: var(--jp-layout-color3);
}

.mldocker-link {
  background: none;
  border: 0;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  margin-right: 8px;
  padding: 2px;
  text-decoration: underline;
}

.mldocker-body {
  padding: 2px 4px 10px 22px;
}

.mldocker-checks > li {
  border-left: 3px solid var(--jp-border-color2);
  margin: 8px 0;
  padding-left: 8px;
}

.mldocker-checks > li[data-status='passed'] {
  border-color: var(--jp-success-color1);
}

.mldocker-checks > li[data-status='failed'],
.mldocker-checks > li[data-status='error'] {
  border-color: var(--jp-error-color1);
}

.mldocker-buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  margin: 6px 0;
}

.mldocker-quiet {
  font-size: var(--jp-ui-font-size0);
}

.mldocker-hints {
  margin: 4px 0;
  padding-left: 20px;
}

.mldocker-running {
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

.mldocker-note,
.mldocker-trouble {
  border-left: 3px solid var(--jp-info-color1);
  padding: 4px 8px;
  white-space: pre-line;
}

.mldocker-trouble {
  border-color: var(--jp-error-color1);
}

.mldocker-panel dl {
  margin: 4px 0;
}

.mldocker-panel dt {
  font-size: var(--jp-ui-font-size0);
  margin-top: 6px;
}

.mldocker-panel dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.mldocker-badge {
  border: 1px solid var(--jp-border-color1);
  border-radius: 8px;
  padding: 0 8px;
}

.mldocker-preview ul {
  max-height: 220px;
  overflow-y: auto;
  padding-left: 20px;
}

.mldocker-statusbutton {
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

.mldocker-status {
  align-items: center;
  display: flex;
}

.mldocker-unseen {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
}
`,""]),r.d(o,{},{A:l})},"./node_modules/css-loader/dist/runtime/api.js"(e){e.exports=function(e){var o=[];return o.toString=function(){return this.map(function(o){var r="",t=void 0!==o[5];return o[4]&&(r+="@supports (".concat(o[4],") {")),o[2]&&(r+="@media ".concat(o[2]," {")),t&&(r+="@layer".concat(o[5].length>0?" ".concat(o[5]):""," {")),r+=e(o),t&&(r+="}"),o[2]&&(r+="}"),o[4]&&(r+="}"),r}).join("")},o.i=function(e,r,t,n,i){"string"==typeof e&&(e=[[null,e,void 0]]);var l={};if(t)for(var a=0;a<this.length;a++){var s=this[a][0];null!=s&&(l[s]=!0)}for(var d=0;d<e.length;d++){var c=[].concat(e[d]);t&&l[c[0]]||(void 0!==i&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=i),r&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=r),n&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=n):c[4]="".concat(n)),o.push(c))}},o}},"./node_modules/css-loader/dist/runtime/noSourceMaps.js"(e){e.exports=function(e){return e[1]}},"./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"(e){var o=[];function r(e){for(var r=-1,t=0;t<o.length;t++)if(o[t].identifier===e){r=t;break}return r}function t(e,t){for(var n={},i=[],l=0;l<e.length;l++){var a=e[l],s=t.base?a[0]+t.base:a[0],d=n[s]||0,c="".concat(s," ").concat(d);n[s]=d+1;var p=r(c),u={css:a[1],media:a[2],sourceMap:a[3],supports:a[4],layer:a[5]};if(-1!==p)o[p].references++,o[p].updater(u);else{var m=function(e,o){var r=o.domAPI(o);return r.update(e),function(o){o?(o.css!==e.css||o.media!==e.media||o.sourceMap!==e.sourceMap||o.supports!==e.supports||o.layer!==e.layer)&&r.update(e=o):r.remove()}}(u,t);t.byIndex=l,o.splice(l,0,{identifier:c,updater:m,references:1})}i.push(c)}return i}e.exports=function(e,n){var i=t(e=e||[],n=n||{});return function(e){e=e||[];for(var l=0;l<i.length;l++){var a=r(i[l]);o[a].references--}for(var s=t(e,n),d=0;d<i.length;d++){var c=r(i[d]);0===o[c].references&&(o[c].updater(),o.splice(c,1))}i=s}}},"./node_modules/style-loader/dist/runtime/insertBySelector.js"(e){var o={};e.exports=function(e,r){var t=function(e){if(void 0===o[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}o[e]=r}return o[e]}(e);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(r)}},"./node_modules/style-loader/dist/runtime/insertStyleElement.js"(e){e.exports=function(e){var o=document.createElement("style");return e.setAttributes(o,e.attributes),e.insert(o,e.options),o}},"./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"(e,o,r){e.exports=function(e){var o=r.nc;o&&e.setAttribute("nonce",o)}},"./node_modules/style-loader/dist/runtime/styleDomAPI.js"(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var o=e.insertStyleElement(e);return{update:function(r){var t,n,i;t="",r.supports&&(t+="@supports (".concat(r.supports,") {")),r.media&&(t+="@media ".concat(r.media," {")),(n=void 0!==r.layer)&&(t+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),t+=r.css,n&&(t+="}"),r.media&&(t+="}"),r.supports&&(t+="}"),(i=r.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(i))))," */")),e.styleTagTransform(t,o,e.options)},remove:function(){var e;null===(e=o).parentNode||e.parentNode.removeChild(e)}}}},"./node_modules/style-loader/dist/runtime/styleTagTransform.js"(e){e.exports=function(e,o){if(o.styleSheet)o.styleSheet.cssText=e;else{for(;o.firstChild;)o.removeChild(o.firstChild);o.appendChild(document.createTextNode(e))}}},"./style/index.js"(e,o,r){var t=r("./node_modules/style-loader/dist/runtime/injectStylesIntoStyleTag.js"),n=r.n(t),i=r("./node_modules/style-loader/dist/runtime/styleDomAPI.js"),l=r.n(i),a=r("./node_modules/style-loader/dist/runtime/insertBySelector.js"),s=r.n(a),d=r("./node_modules/style-loader/dist/runtime/setAttributesWithoutAttributes.js"),c=r.n(d),p=r("./node_modules/style-loader/dist/runtime/insertStyleElement.js"),u=r.n(p),m=r("./node_modules/style-loader/dist/runtime/styleTagTransform.js"),f=r.n(m),h=r("./node_modules/css-loader/dist/cjs.js!./style/base.css"),g={};g.styleTagTransform=f(),g.setAttributes=c(),g.insert=s().bind(null,"head"),g.domAPI=l(),g.insertStyleElement=u(),n()(h.A,g),h.A&&h.A.locals&&h.A.locals}}]);