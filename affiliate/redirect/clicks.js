/* Counts clicks on links that lead straight to the shop. Sets no cookie, stores nothing, reads nothing but the link.
   Sends what the browser would send to the link's `ping` address, and takes that word out while the browser follows
   the link, so that it counts once. Without this script, or without sendBeacon, the browser's own ping counts. */
(function () {
  "use strict";
  if (!navigator.sendBeacon) return;
  var links = "[ping][data-affiliate-placement]";
  function ours(word) {
    return /^(https?:\/\/[^/]+)?\/go\/-\//.test(word);
  }
  function count(event) {
    if (event.button > 1) return; // 0: click or Enter, 1: middle button, 2: a menu
    var link = event.target.closest && event.target.closest(links);
    if (!link) return;
    var written = link.getAttribute("ping");
    var words = written.split(/\s+/);
    var address = words.filter(ours)[0];
    if (!address || !navigator.sendBeacon(address)) return;
    link.setAttribute("ping", words.filter(function (word) { return !ours(word); }).join(" "));
    setTimeout(function () { link.setAttribute("ping", written); }, 0);
  }
  addEventListener("click", count, true);
  addEventListener("auxclick", count, true);
})();
