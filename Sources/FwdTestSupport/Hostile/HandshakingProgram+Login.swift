extension HandshakingProgram {
    /// Service requests and authentication.
    static let login = #"""
        class Login:
            """The authentication protocol (RFC 4252, RFC 4256). No signature is verified: any will do."""

            def service_request(self, content):
                name = content.get_text()
                self.tell("serviceRequest", name=name)
                self.at("serviceRequest")
                self.post(message(6, name))
                self.at("serviceAccept")

            def authentication_request(self, content):
                user, service, method = content.get_text(), content.get_text(), content.get_text()
                request = dict(user=user, service=service, method=method, isSigned=False, isPasswordChange=False)
                if request["method"] == "publickey":
                    self.read_public_key(content, request)
                elif request["method"] == "password":
                    request["isPasswordChange"] = content.get_boolean()
                    request["password"] = content.get_text()
                self.tell("authenticationRequest", **request)
                self.at("authenticationRequest")
                if request["method"] in self.methods():
                    getattr(self, "answer_" + PLAN["login"])(request)
                else:
                    self.refuse()

            def read_public_key(self, content, request):
                request["isSigned"] = content.get_boolean()
                self.offered = content.get_text(), content.get_binary()
                request.update(algorithm=self.offered[0], fingerprint=fingerprint(self.offered[1]))
                if request["isSigned"]:
                    request["signatureAlgorithm"] = Message(content.get_binary()).get_text()

            def methods(self):
                if PLAN["login"] == "partial":
                    return ["password"] if self.authenticated_partially else ["publickey"]
                return PLAN["methods"]

            def refuse(self, partially=False):
                self.tell("authenticationResult", name="partialSuccess" if partially else "failure")
                self.post(message(51, ",".join(self.methods()), partially))

            def accept(self):
                self.authenticated = True
                self.tell("authenticationResult", name="success")
                self.post(message(52))
                self.prepare_rekey()
                self.at("authenticationSuccess")

            def answer_refuse(self, request):
                self.refuse()

            def answer_accept(self, request):
                if request["method"] == "keyboard-interactive":
                    self.ask()
                elif request["method"] == "publickey" and not request["isSigned"]:
                    self.post(message(60, *self.offered))
                else:
                    self.accept()

            def answer_partial(self, request):
                if request["method"] == "publickey" and not request["isSigned"]:
                    self.post(message(60, *self.offered))
                elif request["method"] == "publickey":
                    self.authenticated_partially = True
                    self.refuse(partially=True)
                else:
                    self.accept()

            def answer_change(self, request):
                if request["isPasswordChange"]:
                    self.refuse()
                else:
                    self.post(message(60, "The password has expired.", ""))

            def ask(self):
                prompts = PLAN["prompts"]
                fields = [field for prompt in prompts for field in (prompt["text"], prompt["isEchoed"])]
                self.post(message(60, "Questions", "", "", len(prompts), *fields))

            def information_response(self, content):
                answers = [content.get_text() for _ in range(min(content.get_int(), 1000))]
                self.tell("answers", answers=answers)
                if PLAN.get("asksForEver"):
                    self.ask()
                else:
                    self.accept()
        """#
}
