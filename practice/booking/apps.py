from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "practice.booking"
    label = "booking"
