"""What gunicorn runs for the peers; no rule of the product's server holds."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
