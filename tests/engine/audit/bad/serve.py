"""A service with every fault: says yes whatever happens, holds its lines back, deaf to signals."""

import http.server


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET

    def log_message(self, text, *words):
        print(text % words)


open("/app/started", "w").close()
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
