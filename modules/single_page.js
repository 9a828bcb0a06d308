// CloudFront function (viewer request): paths of a single-page application have no file of their own.
// What has no extension gets /index.html. A function on this one behaviour leaves the API's own 404s alone,
// which the distribution's custom error pages would replace.
function handler(event) {
  var request = event.request;
  var last = request.uri.split('/').pop();
  if (last.indexOf('.') === -1) request.uri = '/index.html';
  return request;
}
