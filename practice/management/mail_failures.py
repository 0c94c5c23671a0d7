"""What an operator reads when a mail server took no message: what happened, and what to set."""

import smtplib
import socket
import ssl

from django.conf import settings


def in_words(error: OSError) -> str:
    """Return a sentence for an error of sending; `smtplib`'s own are of `OSError`, too."""
    if isinstance(error.__context__, TimeoutError):  # smtplib speaks of an unexpected end
        error = error.__context__
    if isinstance(error, smtplib.SMTPException):
        return _said_by_the_server(error)
    return _of_the_connection(error)


def _of_the_connection(error: OSError) -> str:
    where = f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT}"
    match error:
        case socket.gaierror():
            return f"Nobody knows a machine {settings.EMAIL_HOST}: look at EMAIL_HOST."
        case ConnectionRefusedError():
            return f"Nothing listens at {where}: look at EMAIL_HOST and EMAIL_PORT."
        case TimeoutError():
            return (
                f"{where}, did not answer within {settings.EMAIL_TIMEOUT} seconds. A firewall may "
                "be in between, or it waits for TLS: then set EMAIL_TLS=implicit."
            )
        case ssl.SSLCertVerificationError():
            return f"The certificate of {where}, is not to be trusted: {error.verify_message}."
        case ssl.SSLError():
            return (
                f"{where}, does not speak TLS as it is asked to ({error.reason}): set "
                f"EMAIL_TLS={'starttls' if settings.EMAIL_USE_SSL else 'implicit'}, and its port."
            )
        case _:
            return f"{where}, cannot be reached: {error.strerror or error}."


def _said_by_the_server(error: smtplib.SMTPException) -> str:
    host = settings.EMAIL_HOST
    match error:
        case smtplib.SMTPRecipientsRefused():
            refused = ((who, _answer(*answer)) for who, answer in error.recipients.items())
            return f"{host} refuses the receiver: " + "; ".join(map(": ".join, refused))
        case smtplib.SMTPSenderRefused():
            answer = _answer(error.smtp_code, error.smtp_error)
            return f"{host} refuses DEFAULT_FROM_EMAIL as the sender: {answer}"
        case smtplib.SMTPAuthenticationError():
            answer = _answer(error.smtp_code, error.smtp_error)
            return f"{host} refuses EMAIL_HOST_USER and EMAIL_HOST_PASSWORD: {answer}"
        case smtplib.SMTPDataError():
            return f"{host} refuses the message: {_answer(error.smtp_code, error.smtp_error)}"
        case smtplib.SMTPResponseException():
            return f"{host} does not serve: {_answer(error.smtp_code, error.smtp_error)}"
        case smtplib.SMTPServerDisconnected():
            return f"{host} ended the connection before it had taken the message."
        case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(error):
            return f"{host} has no STARTTLS: set EMAIL_TLS=implicit, and its port."
        case smtplib.SMTPNotSupportedError() if "AUTH" in str(error):
            return f"{host} asks nobody for a password: unset EMAIL_HOST_USER."
        case _:
            return f"{host} does not do what is asked of it: {error}"


def _answer(code: int, said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(words.split())}"
