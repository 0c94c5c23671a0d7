from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "practice.profiles"
    label = "profiles"
