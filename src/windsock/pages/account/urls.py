"""Addresses of signing in and out, and of the reader's own account."""

from django.urls import path

from windsock.pages.account import own, views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/link/<str:ticket>", views.sign_in_link, name="sign-in-link"),
    path("sign-in/help/", own.cannot_sign_in, name="cannot-sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("account/", own.account, name="account"),
    path("account/password/", own.change_password, name="change-password"),
    path("account/sessions/", own.end_sessions, name="end-sessions"),
]
