"""The therapist writes their profile."""

from hashlib import sha256
from typing import Any

from django import forms

from practice.profiles.models import Profile
from practice.profiles.photo import portrait
from practice.text.fields import LineField, LinesField
from practice.web.edits import CHANGED_MEANWHILE, EditMixin

FEES = ["fee_individual", "fee_couples", "fee_family", "fee_group"]
_FEE_ERRORS = {
    "invalid": "Enter a whole number of pounds",
    "min_value": "Enter a whole number of pounds",
    "max_value": "Enter 9,999 pounds or less",
}


class ProfileForm(EditMixin, forms.ModelForm):
    """Everything the public page says; a new photo replaces the old one."""

    use_required_attribute = False

    class Meta:
        model = Profile
        fields = ["is_published", "shows_contact", "headline", "about"]
        fields += ["specialities", "languages", *FEES]
        labels = {
            "headline": "Headline (optional)",
            "about": "About you (optional)",
            "specialities": "Specialities (optional)",
            "languages": "Languages (optional)",
        }
        help_texts = {
            "headline": "For example: Integrative counsellor, London and online",
            "specialities": "Separated by commas",
            "shows_contact": "By the email address and phone of your account, to ask for an "
            "invitation.",
        }
        field_classes = {"about": LinesField} | dict.fromkeys(
            ["headline", "specialities", "languages"], LineField
        )
        error_messages = dict.fromkeys(FEES, _FEE_ERRORS)
        widgets = {"about": forms.Textarea({"rows": 8})} | dict.fromkeys(
            FEES, forms.NumberInput({"class": "w-short", "min": "0"})
        )

    new_photo = forms.FileField(
        label="Photo (optional)",
        required=False,
        help_text="JPEG, PNG or WebP, up to 5 MB. It is cropped to a square; where and when it was "
        "taken is removed.",
        widget=forms.FileInput({"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"empty": "Choose a photo in JPEG, PNG or WebP format"},
    )
    remove_photo = forms.BooleanField(label="Remove the photo", required=False)
    photo_shown = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["photo_shown"] = sha256(self.instance.photo).hexdigest()

    def clean_new_photo(self) -> bytes:
        """Return the portrait, which is made once of an upload, whichever form asks first."""
        upload: Any = self.cleaned_data["new_photo"]
        if not (upload and upload.file):
            return b""
        if not hasattr(upload, "portrait"):
            upload.portrait = portrait(upload.file, upload.size or 0)
        return upload.portrait

    def clean(self) -> dict:
        """Ask before a photo is replaced or removed that the page did not show."""
        super().clean()
        cleaned_data, now = self.cleaned_data, self.initial["photo_shown"]
        shown = cleaned_data.get("photo_shown") or now
        self.data["photo_shown"] = now
        if shown != now and cleaned_data.get("new_photo"):
            words = "The photo was changed meanwhile. Choose yours again to replace it"
            self.add_error("new_photo", forms.ValidationError(words, CHANGED_MEANWHILE))
        elif shown != now and cleaned_data.get("remove_photo") and self.instance.photo:
            words = "The photo was changed meanwhile. Save again to remove it"
            self.add_error("remove_photo", forms.ValidationError(words, CHANGED_MEANWHILE))
        return cleaned_data

    def save(self, commit: bool = True) -> Profile:
        changed = [name for name in self._meta.fields or () if name in self.changed_data]
        if self.cleaned_data["new_photo"] or self.cleaned_data["remove_photo"]:
            self.instance.photo = self.cleaned_data["new_photo"]
            changed.append("photo")
        folded = ["sort_name", "search_text"]
        self.instance.save(update_fields=[*changed, *folded] if self.instance.pk else None)
        return self.instance
